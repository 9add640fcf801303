"""The row locks of communities. Order for every transaction: community, external services, memberships by primary key, topics.

Roles, and who has them, change under their community's lock.
"""

from __future__ import annotations

from collections.abc import Collection

from communities.constants import CURRENT_STATUSES
from communities.models.communities import Community
from communities.models.external_services import ExternalService
from communities.models.gates import Gate
from communities.models.memberships import Membership
from kernel.errors import NotFound
from kernel.ids import CommunityId, ExternalServiceId, UserId


def lock_community(community_id: CommunityId) -> Community:
    """Lock a community as `find_and_lock_community`. Raises `NotFound`."""
    return _found(find_and_lock_community(community_id))


def find_and_lock_community(community_id: CommunityId) -> Community | None:
    """Lock a community, if it is there, until the transaction ends, so that its memberships change one after the other.

    Rows that only refer to the community (a new message) are not held up.
    """
    return Community.objects.select_for_update(no_key=True).filter(pk=community_id).first()


def lock_owned_communities(user_id: UserId) -> list[Community]:
    """Lock the communities that a user owns, ordered by primary key."""
    owned = Membership.objects.filter(user_id=user_id, is_owner=True)
    rows = Community.objects.select_for_update(no_key=True).filter(pk__in=owned.values("community_id"))
    return list(rows.order_by("pk"))


def lock_gated_communities(user_id: UserId) -> list[Community]:
    """Lock the communities that a user is a member of and that have, or have had, a gate somewhere, ordered by primary key."""
    mine = Membership.objects.filter(user_id=user_id, status__in=CURRENT_STATUSES).values("community_id")
    gated = Gate.objects.filter(community_id__in=mine).values("community_id")
    return list(Community.objects.select_for_update(no_key=True).filter(pk__in=gated).order_by("pk"))


def hold_community(community_id: CommunityId) -> Community:
    """Hold a community as `find_and_hold_community`. Raises `NotFound`."""
    return _found(find_and_hold_community(community_id))


def find_and_hold_community(community_id: CommunityId) -> Community | None:
    """Keep a community's memberships, if it is there, from changing until the transaction ends; many may hold at once.

    For whoever opens a new topic to members (a new room, a new participant): without it, a removal that has
    already listed what it must revoke could commit after the new topic was followed.
    """
    rows = Community.objects.raw("SELECT * FROM communities_community WHERE id = %s FOR SHARE", [community_id])
    return next(iter(rows), None)


def lock_memberships(community_id: CommunityId, user_ids: Collection[UserId]) -> dict[UserId, Membership]:
    """Lock the memberships of these users in one community, ordered by primary key; users without one are absent."""
    rows = (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .filter(community_id=community_id, user_id__in=user_ids)
        .order_by("pk")
    )
    return {UserId(row.user_id): row for row in rows}


def lock_external_service(service_id: ExternalServiceId) -> ExternalService | None:
    """Lock a service; whoever locks its community as well does that first. None where there is none."""
    return ExternalService.objects.select_for_update(no_key=True).filter(pk=service_id).first()


def lock_owner(community_id: CommunityId) -> Membership | None:
    """Lock the membership of a community's owner, under the community's lock; None where there is none."""
    rows = Membership.objects.select_for_update(of=("self",), no_key=True).select_related("user")
    return rows.filter(community_id=community_id, is_owner=True).first()


def _found(community: Community | None) -> Community:
    if community is None:
        raise NotFound
    return community
