"""The topic `room:<id>`: what happens in a room, for who can read it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chat.constants import ROOM_KIND, ChatPermission
from chat.policies import refusals_of
from chat.queries.resources import room_resource
from chat.queries.rooms import get_rooms
from communities.access import decide
from eventlog.topics import TopicKind, register_topic_kind
from kernel.actor import Actor
from kernel.decision import Decision
from kernel.errors import DomainError, NotFound
from kernel.ids import RoomId


def authorise_room_topics(asked: Sequence[tuple[Actor, UUID]]) -> list[DomainError | None]:
    """Answer None to who can read the room, else `NotFound` or `Unauthenticated`. One statement."""
    return refusals_of([(actor, RoomId(object_id)) for actor, object_id in asked], ChatPermission.READ_MESSAGES)


def explain_room_topic(actor: Actor, object_id: UUID) -> Decision:
    """Return the decision about reading the room, for somebody who could until now."""
    room = get_rooms([RoomId(object_id)]).get(RoomId(object_id))
    if room is None:
        return Decision(allowed=False, code=NotFound.code)
    return decide(actor, ChatPermission.READ_MESSAGES, room_resource(room))


register_topic_kind(TopicKind(kind=ROOM_KIND, authorise_all=authorise_room_topics, explain=explain_room_topic))
