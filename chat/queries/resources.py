"""Rooms as resources that permissions are asked about."""

from __future__ import annotations

from chat.constants import ROOM_KIND, ChatPermission, RoomVisibility
from chat.models import Room
from communities.access import Resource
from kernel.ids import CommunityId, RoomId


def room_resource(room: Room) -> Resource:
    """Return the room as a resource that permissions are asked about."""
    return room_resource_of(CommunityId(room.community_id), RoomId(room.pk), room.visibility)


def room_resource_of(community_id: CommunityId, room_id: RoomId, visibility: str) -> Resource:
    """Return the same from the columns of a room."""
    return Resource(
        community_id,
        ROOM_KIND,
        room_id,
        "private" if visibility == RoomVisibility.PRIVATE else "community",
        shown_by=ChatPermission.VIEW_ROOM,
    )
