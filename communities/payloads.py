"""From models to wire structs; the same builders serve REST, hello and events."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import asdict

from accounts.payloads import user_payload
from communities.constants import CommunityVisibility, JoinPolicy, MembershipStatus, Role
from communities.events import (
    CommunityPayload,
    InvitePayload,
    InviteUsePayload,
    InviteWithCode,
    MemberPayload,
    MembershipChanged,
    MyCommunityPayload,
)
from communities.models import Community, Invite, InviteUse, Membership


def community_payload(community: Community) -> CommunityPayload:
    """Return what is the same for everybody who may see the community's card."""
    return CommunityPayload(
        id=community.pk,
        slug=community.slug,
        name=community.name,
        description=community.description,
        join_policy=JoinPolicy(community.join_policy),
        visibility=CommunityVisibility(community.visibility),
        created_at=community.created_at,
    )


def my_community_payload(community: Community, *, my_role: Role | None, member_count: int) -> MyCommunityPayload:
    """Return the community as one user sees it."""
    return MyCommunityPayload(
        id=community.pk,
        slug=community.slug,
        name=community.name,
        description=community.description,
        join_policy=JoinPolicy(community.join_policy),
        visibility=CommunityVisibility(community.visibility),
        created_at=community.created_at,
        my_role=my_role,
        member_count=member_count,
    )


def member_payload(membership: Membership, *, at: datetime) -> MemberPayload:
    """Return a current member, whose user must be loaded, as they stand at a moment: a time-out that is over is not shown."""
    until = membership.timed_out_until
    timed_out = membership.status == MembershipStatus.TIMED_OUT and until is not None and at < until
    return MemberPayload(
        user=user_payload(membership.user),
        role=Role(membership.role),
        status=MembershipStatus.TIMED_OUT if timed_out else MembershipStatus.ACTIVE,
        timed_out_until=until if timed_out else None,
        joined_at=membership.joined_at,
    )


def membership_changed(membership: Membership) -> MembershipChanged:
    """Return the event that tells a user where they stand now."""
    timed_out = membership.status == MembershipStatus.TIMED_OUT
    return MembershipChanged(
        community=membership.community_id,
        status=MembershipStatus(membership.status),
        role=Role(membership.role),
        timed_out_until=membership.timed_out_until if timed_out else None,
    )


def invite_payload(invite: Invite) -> InvitePayload:
    """Return the invite, whose maker must be loaded, without its code."""
    return InvitePayload(
        id=invite.pk,
        community=invite.community_id,
        created_by=user_payload(invite.created_by) if invite.created_by is not None else None,
        created_at=invite.created_at,
        expires_at=invite.expires_at,
        max_uses=invite.max_uses,
        uses=invite.uses,
        revoked_at=invite.revoked_at,
    )


def invite_with_code(invite: Invite, code: str | None) -> InviteWithCode:
    """Return the invite as who may give it away sees it."""
    return InviteWithCode(**asdict(invite_payload(invite)), code=code)


def invite_use_payload(use: InviteUse) -> InviteUsePayload:
    """Return who, whose user must be loaded, came by an invite."""
    return InviteUsePayload(user=user_payload(use.user), used_at=use.used_at)
