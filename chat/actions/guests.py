"""Bringing somebody into one room, and into nothing else of its community: as a guest."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.queries.users import find_by_usernames
from chat.actions.room_members import unchecked_bring_in
from chat.constants import ChatPermission
from chat.models.locks import lock_room
from chat.policies import get_room_for, lock_room_for
from chat.queries.room_members import was_put_out
from communities.actions.memberships import unchecked_admit
from communities.constants import Permission
from communities.events import MemberPayload
from communities.policies import lock_community_for
from kernel.actor import Actor
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, RoomId, UserId


def add_guest(actor: Actor, *, room_id: RoomId, username: str) -> MemberPayload:
    """Let the user with that name take part in a room, as a guest of its community unless they are a member of it already.

    For who may add members, and moderates the room. Locks the community, then the room. Emits `member.joined` and `membership.changed` for
    a new member, `room_member.added` and `room.joined` for who did not take part. Raises `InvalidInput` when nobody has that name,
    `MemberBanned`, `RoomIsDirect`, `RoomIsArchived`, `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        community_id = CommunityId(get_room_for(actor, room_id, ChatPermission.MODERATE_ROOM).community_id)
        lock_community_for(actor, community_id, Permission.ADD_MEMBER)
        room = lock_room_for(actor, room_id, ChatPermission.MODERATE_ROOM)
        user = find_by_usernames([username]).get(username.lower())
        if user is None or not user.is_active:
            raise InvalidInput("There is no user with that name.", field="username")
        [member] = unchecked_admit(community_id, {UserId(user.pk): user}, as_guests=True)
        unchecked_bring_in(room, UserId(user.pk))
        return member


def unchecked_let_in(room_id: UUID, user_id: UserId) -> bool:
    """Let a member of its community take part in a room, whom the caller has authorised, unless they left it or were removed from it.

    Inside a transaction that holds the community. Locks the room. Emits and returns as `unchecked_bring_in`.
    """
    room = lock_room(RoomId(room_id))
    if room is None or was_put_out(room, user_id):
        return False
    return unchecked_bring_in(room, user_id)
