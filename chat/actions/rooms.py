"""Opening rooms and changing what they say of themselves. Who takes part is in `chat.actions.room_members`."""

from __future__ import annotations

from django.db import transaction

from accounts.payloads import user_payload
from accounts.queries.users import get_users
from chat.actions.room_members import check_current_member, unchecked_add_participant
from chat.constants import (
    MAX_ROOM_NAME_LENGTH,
    MAX_TOPIC_LINE_LENGTH,
    ROOM_KIND,
    ChatPermission,
    RoomKind,
    RoomVisibility,
)
from chat.events import RoomArchived, RoomCreated, RoomJoined, RoomPayload, RoomsChanged, RoomUpdated
from chat.models import Room
from chat.payloads import room_payload
from chat.policies import lock_room_for
from chat.processing.text import checked_line
from chat.queries.rooms import is_opened_to_all_members
from communities.models import Community
from communities.policies import hold_community_for
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, RoomId, UserId


def create_room(
    actor: Actor,
    *,
    community_id: CommunityId,
    name: str,
    topic_line: str = "",
    visibility: RoomVisibility = RoomVisibility.COMMUNITY,
) -> RoomPayload:
    """Open a text room; a private one has the actor as its first participant. Moderators may.

    Holds the community, so that nobody who is being removed slips in. Emits `room.created` on the room, and
    `rooms.changed` on the community when every member can read it; for a private one `room.joined` to the actor.
    Raises `InvalidInput`, `NotFound`, or why it is refused.
    """
    name = _checked_name(name)
    topic_line = _checked_topic_line(topic_line)
    with transaction.atomic():
        community = hold_community_for(actor, community_id, ChatPermission.CREATE_ROOM)
        room = Room.objects.create(
            community=community, kind=RoomKind.TEXT, name=name, topic_line=topic_line, visibility=visibility
        )
        payload = room_payload(room)
        drafts = [Draft(topic_for(ROOM_KIND, room.pk), RoomCreated(room=payload))]
        if is_opened_to_all_members(room):
            drafts.append(Draft(topic_for("community", community_id), RoomsChanged()))
        if visibility is RoomVisibility.PRIVATE and actor.user_id is not None:
            unchecked_add_participant(room, actor.user_id)
            drafts.append(Draft(topic_for("user", actor.user_id), RoomJoined(room=room.pk, community=community_id)))
        append(drafts)
    return payload


def open_direct_room(actor: Actor, *, community_id: CommunityId, user_id: UserId) -> RoomPayload:
    """Return the direct room of the actor and another member; make it when there is none. Any member may.

    Who had left the community takes part again. Holds the community. Emits `room.created` on a new room,
    and `room.joined` to each of the two who did not take part. Raises `NotFound` unless the other is a member, `InvalidInput` for oneself.
    """
    own_id = actor.require_user()
    if user_id == own_id:
        raise InvalidInput("A conversation needs two people.", field="user_id")
    with transaction.atomic():
        community = hold_community_for(actor, community_id, ChatPermission.OPEN_DIRECT_ROOM)
        check_current_member(community, user_id)
        return _open_direct(community, sorted((own_id, user_id)))


def update_room(
    actor: Actor, *, room_id: RoomId, name: str | None = None, topic_line: str | None = None
) -> RoomPayload:
    """Change what is given and keep the rest. Moderators may.

    Locks the room. Emits `room.updated` on the room when anything differs.
    Raises `InvalidInput`, `RoomIsDirect`, `RoomIsArchived`, `NotFound`, or why it is refused.
    """
    wanted = {
        "name": None if name is None else _checked_name(name),
        "topic_line": None if topic_line is None else _checked_topic_line(topic_line),
    }
    with transaction.atomic():
        room = lock_room_for(actor, room_id, ChatPermission.MANAGE_ROOM)
        changes = {field: text for field, text in wanted.items() if text is not None and text != getattr(room, field)}
        for field, text in changes.items():
            setattr(room, field, text)
        if changes:
            room.save(update_fields=[*changes])
            append([Draft(topic_for(ROOM_KIND, room.pk), RoomUpdated(room=room_payload(room)))])
        return room_payload(room)


def archive_room(actor: Actor, *, room_id: RoomId) -> RoomPayload:
    """Make a room read-only, for good. Moderators may.

    Locks the room. Emits `room.archived` on the room.
    Raises `RoomIsArchived` when it is already, `RoomIsDirect`, `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        room = lock_room_for(actor, room_id, ChatPermission.MANAGE_ROOM)
        room.archived_at = now()
        room.save(update_fields=["archived_at"])
        append([Draft(topic_for(ROOM_KIND, room.pk), RoomArchived(room=room_payload(room)))])
        return room_payload(room)


def _open_direct(community: Community, user_ids: list[UserId]) -> RoomPayload:
    """The unique key decides between two who open the same conversation at once: the second waits, then finds it."""
    key = ":".join(str(part) for part in (community.pk, *user_ids))
    room, is_new = Room.objects.get_or_create(
        direct_key=key,
        defaults={"community": community, "kind": RoomKind.DIRECT, "visibility": RoomVisibility.PRIVATE},
    )
    joining = [user_id for user_id in user_ids if unchecked_add_participant(room, user_id)]
    users = get_users(user_ids)
    payload = room_payload(room, participants=[user_payload(users[user_id]) for user_id in user_ids])
    created = [Draft(topic_for(ROOM_KIND, room.pk), RoomCreated(room=payload))] if is_new else []
    joined = RoomJoined(room=room.pk, community=community.pk)
    append([*created, *(Draft(topic_for("user", user_id), joined) for user_id in joining)])
    return payload


def _checked_name(name: str) -> str:
    return checked_line(name, field="name", longest=MAX_ROOM_NAME_LENGTH, may_be_empty=False)


def _checked_topic_line(topic_line: str) -> str:
    return checked_line(topic_line, field="topic_line", longest=MAX_TOPIC_LINE_LENGTH, may_be_empty=True)
