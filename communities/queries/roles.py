"""The roles of a community, and which of them members have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import QuerySet

from communities.constants import CURRENT_STATUSES
from communities.events import RolePayload
from communities.models import Membership, MembershipRole, Role
from communities.payloads import role_payload
from kernel.ids import CommunityId, RoleId


def list_roles(community_id: CommunityId) -> list[RolePayload]:
    """Return all roles, highest first. One query."""
    return [role_payload(role) for role in Role.objects.filter(community_id=community_id).order_by("-position")]


def holders_of(role: Role) -> QuerySet[Membership]:
    """Return the current members that have a role; everybody has the default one."""
    members = Membership.objects.filter(community_id=role.community_id, status__in=CURRENT_STATUSES)
    return members if role.is_default else members.filter(held__role=role)


def roles_held(membership_ids: Collection[UUID]) -> Mapping[UUID, list[RoleId]]:
    """Return the roles of these memberships, highest first, without the default one; who has none is absent. One query."""
    found: dict[UUID, list[RoleId]] = {}
    held = MembershipRole.objects.filter(membership_id__in=membership_ids).order_by("-role__position")
    for membership_id, role_id in held.values_list("membership_id", "role_id"):
        found.setdefault(membership_id, []).append(RoleId(role_id))
    return found
