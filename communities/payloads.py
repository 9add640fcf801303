"""From models to wire structs; the same builders serve REST, hello and events."""

from __future__ import annotations

from datetime import datetime

from accounts.payloads import user_payload
from communities.constants import JoinPolicy, MembershipStatus, Role
from communities.events import CommunityPayload, MemberPayload, MembershipChanged, MyCommunityPayload
from communities.models import Community, Membership


def community_payload(community: Community) -> CommunityPayload:
    """Return what is the same for everybody who may see the community's card."""
    return CommunityPayload(
        id=community.pk,
        slug=community.slug,
        name=community.name,
        description=community.description,
        join_policy=JoinPolicy(community.join_policy),
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
