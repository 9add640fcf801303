"""From models to wire structs; the same builders serve REST, acks, events and replay."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from accounts.events import UserPayload
from chat.constants import RoomKind, RoomVisibility
from chat.events import CategoryPayload, ExcerptPayload, MessagePayload, MyRoomPayload, OverwritePayload, RoomPayload
from chat.models import Message, Room, RoomCategory
from chat.models.overwrites import OverwriteEntry


def room_payload(room: Room, *, participants: Sequence[UserPayload] = ()) -> RoomPayload:
    """Return the room as everybody who may see it does; a direct one needs its two participants."""
    return RoomPayload(
        id=room.pk,
        community=room.community_id,
        kind=RoomKind(room.kind),
        name=room.name,
        topic_line=room.topic_line,
        visibility=RoomVisibility(room.visibility),
        participants=tuple(participants),
        category=room.category_id,
        position=room.position,
        created_at=room.created_at,
        archived_at=room.archived_at,
    )


def my_room_payload(
    room: RoomPayload, *, unread: int, read_seq: int, head_seq: int, last_message: ExcerptPayload | None
) -> MyRoomPayload:
    """Return the room with what one user has read of it."""
    return MyRoomPayload(
        **msgspec.structs.asdict(room),
        unread=unread,
        read_seq=read_seq,
        head_seq=head_seq,
        last_message=last_message,
    )


def message_payload(message: Message, author: UserPayload) -> MessagePayload:
    """Return the message; a deleted one has no body in the table either."""
    return MessagePayload(
        id=message.pk,
        room=message.room_id,
        seq=message.seq,
        author=author,
        body=message.body,
        reply_to=message.reply_to,
        nonce=message.nonce,
        created_at=message.created_at,
        edited_at=message.edited_at,
        deleted=message.deleted_at is not None,
    )


def overwrite_payload(entry: OverwriteEntry) -> OverwritePayload:
    """Return an overwrite for who manages the room."""
    return OverwritePayload(kind=entry.kind, id=entry.id, allow=entry.allow, deny=entry.deny)


def category_payload(category: RoomCategory) -> CategoryPayload:
    """Return a heading for rooms."""
    return CategoryPayload(
        id=category.pk, community=category.community_id, name=category.name, position=category.position
    )
