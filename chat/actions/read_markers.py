"""Remembering how far a user has read."""

from __future__ import annotations

from django.db import connection, transaction

from chat.constants import ROOM_KIND, ChatPermission
from chat.events import ReadMarkerMoved, ReadMarkerPayload
from chat.models import ReadMarker
from chat.policies import get_room_for
from eventlog.append import Draft, append
from eventlog.replay import read_heads
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, RoomId, UserId, uuid7

# One statement, so that of two devices that move the marker at once the further one wins.
_MOVE = """
INSERT INTO chat_readmarker AS marker (id, community_id, room_id, user_id, seq)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq WHERE marker.seq < excluded.seq
RETURNING seq
"""


def mark_read(actor: Actor, *, room_id: RoomId, seq: int) -> ReadMarkerPayload:
    """Move the actor's read marker of a room forward to `seq`, at most to the room's head; it never moves back.

    Who can read the room may. Emits `read_marker.moved` to the actor's own devices when it moves.
    Raises `InvalidInput` for a negative seq, `NotFound`.
    """
    user_id = actor.require_user()
    if seq < 0:
        raise InvalidInput("A seq is not negative.", field="seq")
    with transaction.atomic():
        room = get_room_for(actor, room_id, ChatPermission.READ_MESSAGES)
        topic = topic_for(ROOM_KIND, room_id)
        target = min(seq, read_heads([topic])[topic])
        if target > 0 and _move(CommunityId(room.community_id), room_id, user_id, target):
            append([Draft(topic_for("user", user_id), ReadMarkerMoved(room=room_id, seq=target))])
    return ReadMarkerPayload(room=room_id, seq=_marker(room_id, user_id))


def _move(community_id: CommunityId, room_id: RoomId, user_id: UserId, seq: int) -> bool:
    """Return whether the marker moved."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [uuid7(), community_id, room_id, user_id, seq])
        return cursor.fetchone() is not None


def _marker(room_id: RoomId, user_id: UserId) -> int:
    return ReadMarker.objects.filter(room_id=room_id, user_id=user_id).values_list("seq", flat=True).first() or 0
