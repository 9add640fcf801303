"""What members are: the roles that they have, and who owns the community. All of it waits for the community's lock."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from accounts.models.locks import lock_user
from communities.access import closed_since, readable_topics
from communities.actions.memberships import current_payload, unchecked_update_membership
from communities.constants import Permission
from communities.errors import CannotOwn, RoleIsDefault, TooManyRoles
from communities.events import MemberPayload
from communities.models import Membership, MembershipRole
from communities.models.locks import lock_memberships, lock_owner
from communities.policies import (
    get_community_for,
    get_role_below,
    get_role_to_give,
    lock_community_for,
    lock_member_for,
)
from eventlog.append import append
from kernel.actor import Actor
from kernel.errors import NotFound
from kernel.ids import CommunityId, RoleId, UserId
from kernel.metrics import limit_hit


def give_role(actor: Actor, *, community_id: CommunityId, user_id: UserId, role_id: RoleId) -> MemberPayload:
    """Give a member of lower rank, or oneself, a role that stands below the actor's highest and gives nothing that they do not have.

    Emits `member.updated` and `membership.changed` unless they have it. Raises `NotFound`, `EqualOrHigherRole`, `RoleTooHigh`,
    `PermissionNotHeld`, `RoleIsDefault`, `TooManyRoles`.
    """
    with transaction.atomic():
        membership = lock_member_for(actor, community_id, user_id, Permission.GIVE_ROLE)
        role = get_role_to_give(actor, community_id, role_id)
        return unchecked_give_role(membership, RoleId(role.pk), granted_by=actor.user_id) or current_payload(membership)


def unchecked_give_role(membership: Membership, role_id: RoleId, *, granted_by: UserId | None) -> MemberPayload | None:
    """Give a locked member a role, which the caller has authorised; None when they have it.

    Emits `member.updated` and `membership.changed`. Raises `TooManyRoles`.
    """
    held = MembershipRole.objects.filter(membership=membership)
    if held.filter(role_id=role_id).exists():
        return None
    if held.count() >= settings.MEMBER_ROLES_MAX:
        limit_hit("member.roles")
        raise TooManyRoles(f"A member has at most {settings.MEMBER_ROLES_MAX} roles. Take one away first.")
    MembershipRole.objects.create(membership=membership, role_id=role_id, granted_by_id=granted_by)
    return unchecked_update_membership(membership)


def take_role(actor: Actor, *, community_id: CommunityId, user_id: UserId, role_id: RoleId) -> MemberPayload:
    """Take a role that stands below the actor's highest from a member of lower rank, or from oneself.

    Emits `access.revoked` on every topic that this closes to them, `member.updated` and `membership.changed` unless
    they do not have it. Raises `NotFound`, `EqualOrHigherRole`, `RoleTooHigh`, `RoleIsDefault`.
    """
    with transaction.atomic():
        membership = lock_member_for(actor, community_id, user_id, Permission.GIVE_ROLE)
        role = get_role_below(actor, community_id, role_id)
        if role.is_default:
            raise RoleIsDefault
        before = readable_topics(community_id, [user_id])
        taken, _ = MembershipRole.objects.filter(membership=membership, role=role).delete()
        if not taken:
            return current_payload(membership)
        append(closed_since(before, community_id))
        return unchecked_update_membership(membership)


def transfer_ownership(actor: Actor, *, community_id: CommunityId, user_id: UserId) -> MemberPayload:
    """Make another member the owner; who was it keeps their other roles. The owner may, and the system, also where there is none.

    Locks the successor's account. Emits `member.updated` and `membership.changed` for both, unless they own it already, and before that
    `access.revoked` on every topic that this closes to who was it.
    Raises `NotFound`, for guests and bots `CannotOwn`.
    """
    get_community_for(actor, community_id, Permission.TRANSFER_OWNERSHIP)  # before anybody's account is held up
    with transaction.atomic():
        user = lock_user(
            user_id
        )  # before the community, as in a deletion: who deletes their account owns nothing afterwards
        lock_community_for(actor, community_id, Permission.TRANSFER_OWNERSHIP)
        before = lock_owner(community_id)
        successor = lock_memberships(community_id, [user_id]).get(user_id)
        if successor is None or not successor.is_current or user is None or not user.is_active:
            raise NotFound
        if successor.is_guest or successor.user.is_bot:
            raise CannotOwn
        if successor.is_owner:
            return current_payload(successor)
        if before is not None:
            _give_up(before)
        successor.is_owner = True
        return unchecked_update_membership(successor)


def _give_up(owner: Membership) -> None:
    community_id = CommunityId(owner.community_id)
    before = readable_topics(community_id, [UserId(owner.user_id)])
    owner.is_owner = False
    owner.save(update_fields=["is_owner"])
    append(closed_since(before, community_id))
    unchecked_update_membership(owner)
