"""Rooms as resources that permissions are asked about."""

from __future__ import annotations

from chat.constants import ROOM_KIND, ChatPermission, RoomVisibility
from chat.models import Room
from chat.queries.overwrites import overwrites_of
from communities.access import LiveGate, Overwrites, Resource, live_gates
from kernel.ids import CommunityId, RoomId


def room_resource(room: Room) -> Resource:
    """Return the room, whose community must be loaded, as a resource that permissions are asked about."""
    gates = live_gates(room.community, room)
    return room_resource_of(
        CommunityId(room.community_id), RoomId(room.pk), room.visibility, gates, overwrites_of(room)
    )


def room_resource_of(
    community_id: CommunityId,
    room_id: RoomId,
    visibility: str,
    gates: tuple[LiveGate, ...],
    overwrites: Overwrites | None,
) -> Resource:
    """Return the same from the columns of a room, and the gates and overwrites that hold in it."""
    return Resource(
        community_id,
        ROOM_KIND,
        room_id,
        "private" if visibility == RoomVisibility.PRIVATE else "community",
        shown_by=ChatPermission.VIEW_ROOM,
        gates=gates,
        overwrites=overwrites,
    )
