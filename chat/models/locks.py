"""The row locks of chat. Order for every transaction: community, memberships, rooms by primary key, room members, then topics by name."""

from __future__ import annotations

from collections.abc import Collection

from chat.constants import ROOM_KIND
from chat.models.rooms import Room, RoomMember
from eventlog.append import HeldTopics, hold_topics
from eventlog.topics import topic_for
from kernel.ids import RoomId, UserId


def lock_room(room_id: RoomId) -> Room | None:
    """Lock a room until the transaction ends, so that its settings and participants change one after the other.

    New messages, which only refer to the room, are not held up.
    """
    rows = Room.objects.select_for_update(of=("self",), no_key=True).select_related("community")
    return rows.filter(pk=room_id).first()


def lock_room_member(room_id: RoomId, user_id: UserId) -> RoomMember | None:
    """Lock a user's state in a room."""
    return RoomMember.objects.select_for_update(no_key=True).filter(room_id=room_id, user_id=user_id).first()


def hold_room_topics(room_ids: Collection[RoomId]) -> HeldTopics:
    """Keep anything from being appended to these rooms' topics until the transaction ends. One statement.

    Taken before access is decided: a revocation appends to the topic, so either its commit is seen by the decision, or it
    waits and gets a later seq. Without it a removed member's message could follow the removal. It also makes
    looking for a nonce and inserting it one step, and gives `append` its numbers. Every room's topic has a row, made by
    its `room.created`.
    """
    return hold_topics([topic_for(ROOM_KIND, room_id) for room_id in room_ids])
