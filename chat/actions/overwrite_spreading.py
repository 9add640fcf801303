"""What other overwrites of a room mean for the members of a role that very many have: some hundred at a time, in short transactions.

Requests and messages are decided by the new overwrites from their commit on. This is for sockets that follow the room.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction

from chat.models import Room
from chat.models.locks import lock_room
from communities.access import change_access
from communities.models.locks import lock_community
from communities.queries.memberships import members_after
from kernel.ids import CommunityId, RoomId
from kernel.jobs import enqueue

JOB = "chat.spread_overwrites"


def begin_spreading(room_id: RoomId, before: UUID | None) -> None:
    """Have the change from a version (None: from no overwrites) to the present one spread when the caller's transaction commits."""
    _go_on(room_id, before, None)


@transaction.atomic
def spread_overwrites(room_id: RoomId, before: UUID | None, after: UUID | None) -> None:
    """Revoke what the next `ACCESS_CHANGES_AT_ONCE` members behind the membership `after` lost when a version was replaced; a job goes on.

    The version from before is put back for as long as it takes to see what they could read, which nobody else sees: the transaction
    holds the community and the room. Emits as `communities.access.change_access`.
    """
    place = Room.objects.filter(pk=room_id).values_list("community_id", flat=True).first()
    if place is None:
        return
    community_id = CommunityId(place)
    lock_community(community_id)
    room = lock_room(room_id)
    members = members_after(community_id, after, limit=settings.ACCESS_CHANGES_AT_ONCE)
    if room is None or not members:
        return
    present = room.overwrites_id
    _set_version(room, before)
    with change_access(community_id, [user_id for _, user_id in members]):
        _set_version(room, present)
    _go_on(room_id, before, members[-1][0])


def _set_version(room: Room, version_id: UUID | None) -> None:
    room.overwrites_id = version_id
    room.save(update_fields=["overwrites"])


def _go_on(room_id: RoomId, before: UUID | None, after: UUID | None) -> None:
    texts = [None if one is None else str(one) for one in (before, after)]
    enqueue(JOB, room_id=str(room_id), before=texts[0], after=texts[1])
