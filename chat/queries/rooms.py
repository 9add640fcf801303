"""Rooms, and what a user has read of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.events import UserPayload
from accounts.payloads import user_payload
from accounts.queries.users import get_users
from chat.constants import (
    EXCERPT_LENGTH,
    READING,
    ROOM_KIND,
    UNREAD_CAP,
    RoomKind,
    RoomMemberState,
    RoomVisibility,
)
from chat.events import ExcerptPayload, MyRoomPayload, RoomPayload
from chat.models import Room, RoomMember
from chat.payloads import my_room_payload, room_payload
from communities.models import Role
from communities.queries.keyset import SortKey, parse_time
from eventlog.replay import read_heads
from eventlog.topics import topic_for
from kernel.ids import CommunityId, RoomId, UserId

ROOM_SORTS = {"created_at": SortKey("created_at", parse_time), "name": SortKey("lower_name")}

# The newest message and the count stop at their limits, so neither grows with the length of a room's history.
_READ_STATES = """
SELECT wanted.room_id, coalesce(marker.seq, 0), unread.amount,
       newest.id, newest.seq, newest.author_id, newest.excerpt, newest.created_at
FROM unnest(%(rooms)s::uuid[]) AS wanted (room_id)
LEFT JOIN chat_readmarker marker ON marker.room_id = wanted.room_id AND marker.user_id = %(user)s
CROSS JOIN LATERAL (
    SELECT count(*) AS amount FROM (
        SELECT FROM chat_message message
        WHERE message.room_id = wanted.room_id AND message.seq > coalesce(marker.seq, 0)
          AND message.author_id <> %(user)s AND message.deleted_at IS NULL
        LIMIT %(cap)s
    ) counted
) unread
LEFT JOIN LATERAL (
    SELECT id, seq, author_id, left(body, %(excerpt)s) AS excerpt, created_at FROM chat_message message
    WHERE message.room_id = wanted.room_id AND message.deleted_at IS NULL
    ORDER BY seq DESC LIMIT 1
) newest ON true
"""


class _Newest(NamedTuple):
    id: UUID
    seq: int
    author_id: UserId
    excerpt: str
    created_at: datetime


class _ReadState(NamedTuple):
    read_seq: int
    unread: int
    newest: _Newest | None


WITH_ACCESS = Room.objects.select_related("community__gate_version", "gate_version", "overwrites")
"""Rooms with all that access asks of a room."""


def get_rooms(room_ids: Collection[RoomId]) -> dict[RoomId, Room]:
    """Return the rooms that exist, by id, in one query."""
    return {RoomId(room.pk): room for room in WITH_ACCESS.filter(pk__in=room_ids)}


def rooms_for_all(community_id: CommunityId) -> list[Room]:
    """Return the rooms of a community that are for all of its members, with their gates and overwrites. One query."""
    rows = WITH_ACCESS.filter(community_id=community_id, visibility=RoomVisibility.COMMUNITY)
    return list(rows.order_by("pk"))


def is_opened_to_all_members(room: Room) -> bool:
    """Return whether every member of the community can read a room that was opened just now, and so has no exceptions yet.

    Of others nothing is told on the community's topic, not even that they are there.
    """
    default = Role.objects.filter(community_id=room.community_id, is_default=True)
    return room.visibility == RoomVisibility.COMMUNITY and default.filter(permissions__contains=list(READING)).exists()


def candidate_rooms(community_id: CommunityId, user_id: UserId) -> QuerySet[Room]:
    """Return the rooms of a community that the user may be able to read; access decides about each of them."""
    own = RoomMember.objects.filter(room=OuterRef("pk"), user_id=user_id, state=RoomMemberState.MEMBER)
    return WITH_ACCESS.filter(Q(visibility=RoomVisibility.COMMUNITY) | Exists(own), community_id=community_id)


def room_payloads(rooms: Sequence[Room]) -> list[RoomPayload]:
    """Return the rooms as everybody who may see them does; one query when there are direct ones."""
    participants = _participants([room for room in rooms if room.kind == RoomKind.DIRECT])
    return [room_payload(room, participants=participants.get(RoomId(room.pk), ())) for room in rooms]


def my_rooms(user_id: UserId, rooms: Sequence[Room]) -> list[MyRoomPayload]:
    """Return the rooms with what the user has read of each: at most four queries, however many rooms.

    The heads are read first, so that a client that follows after them misses nothing of what it is shown.
    """
    topics = {room.pk: topic_for(ROOM_KIND, room.pk) for room in rooms}
    heads = read_heads(topics.values())
    states = _read_states(user_id, [room.pk for room in rooms])
    authors = get_users({state.newest.author_id for state in states.values() if state.newest is not None})
    return [
        my_room_payload(
            payload,
            unread=states[payload.id].unread,
            read_seq=states[payload.id].read_seq,
            head_seq=heads[topics[payload.id]],
            last_message=_excerpt(
                states[payload.id].newest, {key: user_payload(user) for key, user in authors.items()}
            ),
        )
        for payload in room_payloads(rooms)
    ]


def _participants(direct_rooms: Sequence[Room]) -> dict[RoomId, list[UserPayload]]:
    """Return the two people of each direct room, whatever became of them since."""
    found: dict[RoomId, list[UserPayload]] = {}
    if direct_rooms:
        rows = RoomMember.objects.filter(room__in=direct_rooms).select_related("user").order_by("user_id")
        for row in rows:
            found.setdefault(RoomId(row.room_id), []).append(user_payload(row.user))
    return found


def _read_states(user_id: UserId, room_ids: Sequence[UUID]) -> dict[UUID, _ReadState]:
    with connection.cursor() as cursor:
        cursor.execute(
            _READ_STATES,
            {"rooms": list(room_ids), "user": user_id, "cap": UNREAD_CAP, "excerpt": EXCERPT_LENGTH},
        )
        return {
            room_id: _ReadState(read_seq, unread, _Newest(*newest) if newest[0] is not None else None)
            for room_id, read_seq, unread, *newest in cursor.fetchall()
        }


def _excerpt(newest: _Newest | None, authors: Mapping[UserId, UserPayload]) -> ExcerptPayload | None:
    if newest is None:
        return None
    return ExcerptPayload(
        id=newest.id,
        seq=newest.seq,
        author=authors[newest.author_id],
        excerpt=newest.excerpt,
        created_at=newest.created_at,
    )
