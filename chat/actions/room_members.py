"""Who takes part in a room: adding, removing, leaving, and what is left when somebody left the community."""

from __future__ import annotations

from django.db import transaction

from accounts.payloads import user_payload
from accounts.queries.users import get_users
from chat.constants import ROOM_KIND, ChatPermission, RoomMemberState, RoomVisibility
from chat.events import RoomJoined, RoomLeft, RoomMemberAdded, RoomMemberRemoved
from chat.models import Room, RoomMember
from chat.models.locks import lock_room_member
from chat.policies import get_room_for, lock_room_for, users_who_may
from chat.queries.room_members import counting_participants
from communities.access import community_resource, decide_many
from communities.constants import Permission
from communities.models import Community
from communities.models.locks import hold_community
from communities.policies import check_outranks
from eventlog.append import Draft, append
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import Forbidden, NotFound
from kernel.ids import CommunityId, RoomId, UserId


def add_room_member(actor: Actor, *, room_id: RoomId, user_id: UserId) -> None:
    """Let a member of the community take part in a private room, or come back to a room they were removed from. Moderators may.

    Holds the community, locks the room. Emits `room_member.added` on the room and `room.joined` to the user, unless they
    take part already. Raises `NotFound` for who is not a member, `RoomIsDirect`, `RoomIsArchived`, or why it is refused.
    """
    with transaction.atomic():
        room = _lock_for_members(actor, room_id)
        check_current_member(room.community, user_id)
        unchecked_bring_in(room, user_id)


def remove_room_member(actor: Actor, *, room_id: RoomId, user_id: UserId) -> None:
    """Take a room away from a member of lower rank, at once and on every socket. Moderators may.

    Holds the community, locks the room. Emits `access.revoked` and `room_member.removed` on the room and `room.left` to
    the user. Raises `NotFound` for who does not take part, `EqualOrHigherRole`, `RoomIsDirect`, `RoomIsArchived`, or why it is refused.
    """
    with transaction.atomic():
        room = _lock_for_members(actor, room_id)
        if not users_who_may(ChatPermission.READ_MESSAGES, room, [user_id]):
            raise NotFound
        check_outranks(actor, CommunityId(room.community_id), user_id)
        _remove(room, user_id)


def leave_room(actor: Actor, *, room_id: RoomId) -> None:
    """Leave a private room; only a moderator who takes part can bring the actor back. Any participant may.

    Locks the room. Emits as `remove_room_member`. Raises `NotFound`, `RoomIsDirect`, `RoomIsArchived`; for a room that all
    members of the community can read, which nobody leaves alone, `Forbidden`.
    """
    user_id = actor.require_user()
    with transaction.atomic():
        room = lock_room_for(actor, room_id, ChatPermission.READ_MESSAGES)
        if room.visibility != RoomVisibility.PRIVATE:
            raise Forbidden("Every member of the community takes part in this room.")
        _remove(room, user_id)


def check_current_member(community: Community, user_id: UserId) -> None:
    """Return when the user is a member of the community. Raises `NotFound`."""
    decisions = decide_many([user_id], Permission.BELONG, community_resource(community))
    if not decisions[user_id].allowed:
        raise NotFound


def unchecked_bring_in(room: Room, user_id: UserId) -> bool:
    """Let a member of the community take part in a locked room, unless they can read it already; the caller has authorised it.

    Inside a transaction that holds the community. Emits `room_member.added` on the room and `room.joined` to the user. Return whether they
    did not take part before.
    """
    if users_who_may(ChatPermission.READ_MESSAGES, room, [user_id]) or not unchecked_add_participant(room, user_id):
        return False
    user = get_users([user_id])[user_id]
    append(
        [
            Draft(topic_for(ROOM_KIND, room.pk), RoomMemberAdded(user=user_payload(user))),
            Draft(topic_for("user", user_id), RoomJoined(room=room.pk, community=room.community_id)),
        ]
    )
    return True


def unchecked_add_participant(room: Room, user_id: UserId) -> bool:
    """Make a member of the community a participant, whom the caller has authorised and announces; return False when they were one.

    Inside a transaction that holds the community, so that the membership cannot end meanwhile.
    """
    if counting_participants().filter(room=room, user_id=user_id).exists():
        return False
    RoomMember.objects.update_or_create(
        room=room,
        user_id=user_id,
        defaults={"community_id": room.community_id, "state": RoomMemberState.MEMBER, "added_at": now()},
    )
    return True


def unchecked_end_participations(community_id: CommunityId, user_id: UserId) -> None:
    """Take a user who left the community out of its private rooms' lists; their access ended with the membership.

    For the consumer of `member.removed`. A participant added since they came back stays. Emits `room_member.removed`
    on each room. Idempotent.
    """
    with transaction.atomic():
        hold_community(community_id)
        rows = RoomMember.objects.filter(
            community_id=community_id,
            user_id=user_id,
            state=RoomMemberState.MEMBER,
            room__visibility=RoomVisibility.PRIVATE,
        ).exclude(pk__in=counting_participants().values("pk"))
        ended = list(rows.select_for_update(no_key=True, of=("self",)).order_by("room_id"))
        RoomMember.objects.filter(pk__in=[row.pk for row in ended]).update(state=RoomMemberState.REMOVED)
        append([Draft(topic_for(ROOM_KIND, row.room_id), RoomMemberRemoved(user=user_id)) for row in ended])


def _lock_for_members(actor: Actor, room_id: RoomId) -> Room:
    """Return the room, locked, with its community held: the room's community never changes, so it may be read first."""
    community_id = get_room_for(actor, room_id, ChatPermission.MODERATE_ROOM).community_id
    hold_community(CommunityId(community_id))
    return lock_room_for(actor, room_id, ChatPermission.MODERATE_ROOM)


def _remove(room: Room, user_id: UserId) -> None:
    """Close the room to a user. Revocation comes first in the log, so that nothing after it reaches them."""
    row = lock_room_member(RoomId(room.pk), user_id) or RoomMember(
        room=room, user_id=user_id, community_id=room.community_id
    )
    row.state = RoomMemberState.REMOVED
    row.save()
    append(
        [
            Draft(topic_for(ROOM_KIND, room.pk), AccessRevoked(user=user_id)),
            Draft(topic_for(ROOM_KIND, room.pk), RoomMemberRemoved(user=user_id)),
            Draft(topic_for("user", user_id), RoomLeft(room=room.pk)),
        ]
    )
