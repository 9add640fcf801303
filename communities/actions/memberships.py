"""Everything that changes who is a member, and since when. All of it waits for the community's lock.

An act that takes access away appends `access.revoked` to every topic that the user could read, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.queries.users import find_by_usernames, get_user, get_users
from communities.access import revocations
from communities.actions.external_answers import unchecked_forget_answers, unchecked_want_answers
from communities.constants import CURRENT_STATUSES, JoinPolicy, MembershipStatus, Permission
from communities.errors import CommunityClosed, MemberBanned, OwnerStays
from communities.events import MemberJoined, MemberPayload, MemberRemoved, MemberUpdated
from communities.models import Membership, MembershipRole
from communities.models.locks import lock_memberships
from communities.payloads import member_payload, membership_changed
from communities.policies import lock_community_for, lock_member_for, lock_membership_for, may
from communities.queries.memberships import has_gates
from communities.queries.roles import roles_held
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId, RoleId, UserId
from kernel.metrics import limit_hit


def join_community(actor: Actor, *, community_id: CommunityId) -> MemberPayload:
    """Make the actor a member of an open community; who is one already stays as they are.

    Emits `member.joined` and `membership.changed`. Raises `CommunityClosed`, or `NotFound` for a secret community and for who is banned.
    """
    user_id = actor.require_user()
    with transaction.atomic():
        community = lock_community_for(actor, community_id, Permission.VIEW_CARD)
        if community.join_policy == JoinPolicy.CLOSED and not may(actor, Permission.VIEW_COMMUNITY, community):
            raise CommunityClosed
        return unchecked_admit(community_id, {user_id: get_user(user_id)})[0]


def add_member(actor: Actor, *, community_id: CommunityId, username: str) -> MemberPayload:
    """Make the user with that name a member. Who has the permission may.

    Emits and raises as `add_members`; raises `InvalidInput` when nobody has that name.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.ADD_MEMBER)
        user = find_by_usernames([username]).get(username.lower())
        if user is None or not user.is_active:
            raise InvalidInput("There is no user with that name.", field="username")
        return unchecked_admit(community_id, {UserId(user.pk): user})[0]


def add_members(actor: Actor, *, community_id: CommunityId, user_ids: Collection[UserId]) -> list[MemberPayload]:
    """Make these users members, all or none, in a constant number of statements; who is one already stays as they are.

    Who has the permission may. Emits `member.joined` and `membership.changed` for each new member.
    Raises `NotFound` when a user does not exist, `MemberBanned` when one is banned here.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.ADD_MEMBER)
        users = get_users(user_ids)
        if not users.keys() >= set(user_ids):
            raise NotFound
        return unchecked_admit(community_id, users)


def time_out_member(actor: Actor, *, community_id: CommunityId, user_id: UserId, seconds: int) -> MemberPayload:
    """Let a member of lower rank only read, from now on for so many seconds (up to 28 days). Who has the permission may.

    Emits `member.updated` and `membership.changed`. Raises `InvalidInput` for another length.
    """
    longest = timedelta(days=settings.MEMBER_TIMEOUT_MAX_DAYS)
    if not 1 <= seconds <= longest.total_seconds():
        limit_hit("member.timeout")
        raise InvalidInput(f"A time-out lasts from 1 second to {longest.days} days.", field="seconds")
    with transaction.atomic():
        membership = lock_member_for(actor, community_id, user_id, Permission.TIME_OUT_MEMBER)
        membership.status = MembershipStatus.TIMED_OUT
        membership.timed_out_until = now() + timedelta(seconds=seconds)
        return unchecked_update_membership(membership)


def lift_time_out(actor: Actor, *, community_id: CommunityId, user_id: UserId) -> MemberPayload:
    """End a member's time-out. Who has the permission may.

    Emits `member.updated` and `membership.changed` unless they are not timed out.
    """
    with transaction.atomic():
        membership = lock_member_for(actor, community_id, user_id, Permission.TIME_OUT_MEMBER)
        if membership.status == MembershipStatus.ACTIVE:
            return current_payload(membership)
        membership.status = MembershipStatus.ACTIVE
        membership.timed_out_until = None
        return unchecked_update_membership(membership)


def leave_community(actor: Actor, *, community_id: CommunityId) -> None:
    """End the actor's own membership.

    Emits `access.revoked` on every topic they could read, `member.removed` and `membership.changed`.
    Raises `NotFound` when they are not a member, `OwnerStays`.
    """
    user_id = actor.require_user()
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.BELONG)
        _end(lock_memberships(community_id, [user_id])[user_id], MembershipStatus.REMOVED)


def remove_member(actor: Actor, *, community_id: CommunityId, user_id: UserId) -> None:
    """End the membership of a member of lower rank; an open community they may join again. Who has the permission may.

    Emits as `leave_community`. Raises `NotFound` for who is not a member, `EqualOrHigherRole`.
    """
    with transaction.atomic():
        _end(lock_member_for(actor, community_id, user_id, Permission.REMOVE_MEMBER), MembershipStatus.REMOVED)


def ban_member(actor: Actor, *, community_id: CommunityId, user_id: UserId) -> None:
    """Keep somebody of lower rank who is or was a member out until the ban is lifted. Who has the permission may.

    Emits as `leave_community` for a member, `membership.changed` alone for a former one, nothing when banned already.
    Raises `NotFound` for who never was a member, `EqualOrHigherRole`.
    """
    with transaction.atomic():
        membership = lock_membership_for(actor, community_id, user_id, Permission.BAN_MEMBER)
        if membership.status in CURRENT_STATUSES:
            _end(membership, MembershipStatus.BANNED)
        elif membership.status != MembershipStatus.BANNED:
            _mark_outsider(membership, MembershipStatus.BANNED)


def unban_member(actor: Actor, *, community_id: CommunityId, user_id: UserId) -> None:
    """Lift a ban; the user is not a member, but may become one again. Who has the permission may.

    Emits `membership.changed` unless they are not banned. Raises `NotFound` for who never was a member.
    """
    with transaction.atomic():
        membership = lock_membership_for(actor, community_id, user_id, Permission.BAN_MEMBER)
        if membership.status == MembershipStatus.BANNED:
            _mark_outsider(membership, MembershipStatus.REMOVED)


def unchecked_admit(
    community_id: CommunityId, users: Mapping[UserId, User], *, as_guests: bool = False
) -> list[MemberPayload]:
    """Make members, or guests, of those users who are none yet, and return all of them in the given order; under the community's lock.

    Emits `member.joined` and `membership.changed` for each new member. Raises `MemberBanned`.
    """
    at = now()
    memberships = lock_memberships(community_id, users.keys())
    if any(membership.status == MembershipStatus.BANNED for membership in memberships.values()):
        raise MemberBanned
    look_again_at = at if has_gates(community_id) else None
    returning = [row for row in memberships.values() if row.status not in CURRENT_STATUSES]
    for membership in returning:
        _readmit(membership, at)
        membership.is_guest = as_guests
        membership.access_changes_at = look_again_at
    new = [
        Membership(
            community_id=community_id, user=user, is_guest=as_guests, joined_at=at, access_changes_at=look_again_at
        )
        for user_id, user in users.items()
        if user_id not in memberships
    ]
    Membership.objects.bulk_update(
        returning, ["is_guest", "status", "timed_out_until", "access_epoch", "access_changes_at", "joined_at"]
    )
    Membership.objects.bulk_create(new)
    append(_joined([*returning, *new], at))
    if look_again_at is not None:
        unchecked_want_answers(community_id, [UserId(row.user_id) for row in (*returning, *new)])
    memberships.update({UserId(membership.user_id): membership for membership in new})
    roles = roles_held([membership.pk for membership in memberships.values()])
    return [member_payload(memberships[user_id], roles.get(memberships[user_id].pk, ()), at=at) for user_id in users]


def _readmit(membership: Membership, at: datetime) -> None:
    """Begin a membership anew, except that a time-out runs on: leaving and joining again must not end it."""
    until = membership.timed_out_until
    runs_on = until is not None and at < until
    membership.status = MembershipStatus.TIMED_OUT if runs_on else MembershipStatus.ACTIVE
    membership.timed_out_until = until if runs_on else None
    membership.access_epoch += 1
    membership.joined_at = at


def _joined(memberships: Iterable[Membership], at: datetime) -> list[Draft]:
    """Tell of those who come in, who have no roles yet."""
    return [
        draft
        for membership in memberships
        for draft in (
            Draft(
                topic_for("community", membership.community_id),
                MemberJoined(member=member_payload(membership, (), at=at)),
            ),
            Draft(topic_for("user", membership.user_id), membership_changed(membership, ())),
        )
    ]


def current_payload(membership: Membership) -> MemberPayload:
    """Return a current member, whose user must be loaded, as they stand now."""
    return member_payload(membership, roles_held([membership.pk]).get(membership.pk, ()), at=now())


def unchecked_update_membership(membership: Membership) -> MemberPayload:
    """Write the changed facts of a locked member, whose roles may have changed before, and tell everybody concerned.

    Emits `member.updated` and `membership.changed`.
    """
    membership.access_epoch += 1
    overdue = membership.access_changes_at  # and not revoked yet, so it stays what to compare with
    membership.access_changes_at = min(overdue or now(), now())  # other roles pass gates for another time
    written = ["is_owner", "is_guest", "status", "timed_out_until", "access_epoch", "access_changes_at"]
    membership.save(update_fields=written)
    payload = current_payload(membership)
    changed = membership_changed(membership, [RoleId(role_id) for role_id in payload.roles])
    append(
        [
            Draft(topic_for("community", membership.community_id), MemberUpdated(member=payload)),
            Draft(topic_for("user", membership.user_id), changed),
        ]
    )
    return payload


def _end(membership: Membership, status: MembershipStatus) -> None:
    if membership.is_owner:
        raise OwnerStays
    unchecked_end_membership(membership, status)


def unchecked_end_membership(membership: Membership, status: MembershipStatus) -> None:
    """End a locked membership, roles and all.

    Revocation comes first in the log, so that nothing after it reaches the user, not even this.
    """
    closed = revocations(CommunityId(membership.community_id), [UserId(membership.user_id)])
    _write_standing(membership, status)
    append(
        [
            *closed,
            Draft(topic_for("community", membership.community_id), MemberRemoved(user=membership.user_id)),
            Draft(topic_for("user", membership.user_id), membership_changed(membership, ())),
        ]
    )


def _mark_outsider(membership: Membership, status: MembershipStatus) -> None:
    """Change the status of somebody who is no member before and after: only they are told."""
    _write_standing(membership, status)
    append([Draft(topic_for("user", membership.user_id), membership_changed(membership, ()))])


def _write_standing(membership: Membership, status: MembershipStatus) -> None:
    MembershipRole.objects.filter(membership=membership).delete()
    unchecked_forget_answers(CommunityId(membership.community_id), UserId(membership.user_id))
    membership.status = status
    membership.is_owner = membership.is_guest = False
    membership.access_epoch += 1
    membership.save(update_fields=["status", "is_owner", "is_guest", "access_epoch"])
