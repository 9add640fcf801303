"""Guests: members who reach only what they were added to. Making a member one, and making one a full member."""

from __future__ import annotations

from django.db import transaction

from communities.access import change_access
from communities.actions.memberships import current_payload, unchecked_update_membership
from communities.constants import Permission
from communities.errors import OwnerIsNoGuest
from communities.events import MemberPayload
from communities.models import Membership
from communities.policies import lock_member_for
from kernel.actor import Actor
from kernel.ids import CommunityId, UserId


def make_guest(actor: Actor, *, community_id: CommunityId, user_id: UserId) -> MemberPayload:
    """Leave a member of lower rank only the rooms that they were added to; their roles count in those. For who may remove members.

    Locks the community. Emits `access.revoked` on each topic that they lose, `access.changed`, `member.updated` and `membership.changed`,
    unless they are a guest. Raises `NotFound`, `EqualOrHigherRole`, `OwnerIsNoGuest`, or why it is refused.
    """
    with transaction.atomic():
        membership = lock_member_for(actor, community_id, user_id, Permission.REMOVE_MEMBER)
        if membership.is_owner:
            raise OwnerIsNoGuest
        if membership.is_guest:
            return current_payload(membership)
        return _change(membership)


def make_full_member(actor: Actor, *, community_id: CommunityId, user_id: UserId) -> MemberPayload:
    """Let a guest reach what every member does. For who may add members.

    Locks the community. Emits as `make_guest`, unless they are a full member. Raises `NotFound`, `EqualOrHigherRole`, or why it is refused.
    """
    with transaction.atomic():
        membership = lock_member_for(actor, community_id, user_id, Permission.ADD_MEMBER)
        if not membership.is_guest:
            return current_payload(membership)
        return unchecked_make_full_member(membership)


def unchecked_make_full_member(membership: Membership) -> MemberPayload:
    """Make a locked guest a full member, whom the caller has authorised. Emits as `make_full_member`."""
    return _change(membership)


def _change(membership: Membership) -> MemberPayload:
    """Write the other of the two. What is lost is revoked before anybody is told, so that nothing after it reaches the user."""
    with change_access(CommunityId(membership.community_id), [UserId(membership.user_id)]):
        membership.is_guest = not membership.is_guest
        membership.save(update_fields=["is_guest"])
    membership.refresh_from_db(fields=["access_epoch", "access_changes_at"])
    return unchecked_update_membership(membership)
