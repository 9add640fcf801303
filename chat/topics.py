"""The topic `room:<id>`: what happens in a room, for who can read it."""

from __future__ import annotations

from uuid import UUID

from chat.constants import ROOM_KIND
from chat.policies import get_room_for
from communities.constants import Permission
from eventlog.topics import TopicKind, register_topic_kind
from kernel.actor import Actor
from kernel.ids import RoomId


def authorise_room_topic(actor: Actor, object_id: UUID) -> None:
    """Return when the actor can read the room. Raises `NotFound` or `Unauthenticated`."""
    get_room_for(actor, RoomId(object_id), Permission.READ_MESSAGES)


register_topic_kind(TopicKind(kind=ROOM_KIND, authorise=authorise_room_topic))
