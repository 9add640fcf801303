"""The list of members, and the few facts about members that actions ask for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from communities.constants import CURRENT_STATUSES, MembershipStatus
from communities.events import MemberPayload
from communities.models import Gate, Membership
from communities.payloads import member_payload
from communities.queries.keyset import SortKey, cut_page, parse_time
from communities.queries.roles import roles_held
from kernel.clock import now
from kernel.ids import CommunityId, RoleId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

MEMBER_SORTS = {"joined_at": SortKey("joined_at", parse_time), "username": SortKey("lower_username")}

_MEMBERS_AMONG = """
SELECT community_id, user_id FROM communities_membership
JOIN unnest(%s::uuid[], %s::uuid[]) AS asked (community_id, user_id) USING (community_id, user_id)
WHERE status = ANY(%s::text[])
"""


def list_members(
    community_id: CommunityId,
    *,
    page: PageRequest,
    role: RoleId | None = None,
    search: str = "",
    sort: str = "joined_at",
) -> Page[MemberPayload]:
    """Return the current members, timed-out ones included; `search` looks in username and display name. Two queries."""
    rows = current_members(community_id).select_related("user").annotate(lower_username=Lower("user__username"))
    if role is not None:
        rows = rows.filter(held__role_id=role)
    if search:
        rows = rows.filter(Q(user__username__icontains=search) | Q(user__display_name__icontains=search))
    found, following = cut_page(rows, sort=sort, sorts=MEMBER_SORTS, page=page)
    at, roles = now(), roles_held([membership.pk for membership in found])
    members = [member_payload(membership, roles.get(membership.pk, ()), at=at) for membership in found]
    return Page(items=members, next=following)


def current_members(community_id: CommunityId) -> QuerySet[Membership]:
    """Return the memberships that count: active ones and those that are timed out."""
    return Membership.objects.filter(community_id=community_id, status__in=CURRENT_STATUSES)


def is_only_member(membership: Membership) -> bool:
    """Return whether nobody else is a member; true for as long as the community is locked."""
    return not current_members(CommunityId(membership.community_id)).exclude(pk=membership.pk).exists()


def first_membership(user_id: UserId) -> Membership | None:
    """Return any current membership of the user, always the same one until it has ended."""
    return Membership.objects.filter(user_id=user_id, status__in=CURRENT_STATUSES).order_by("pk").first()


def member_ids(community_id: CommunityId) -> list[UserId]:
    """Return the ids of all current members."""
    return [UserId(user_id) for user_id in current_members(community_id).values_list("user_id", flat=True)]


def banned_among(community_id: CommunityId, user_ids: Collection[UserId]) -> set[UserId]:
    """Return which of these users the community has banned."""
    banned = Membership.objects.filter(community_id=community_id, user_id__in=user_ids, status=MembershipStatus.BANNED)
    return {UserId(user_id) for user_id in banned.values_list("user_id", flat=True)}


def members_among(pairs: Collection[tuple[CommunityId, UserId]]) -> set[tuple[CommunityId, UserId]]:
    """Return those pairs of community and user that are a current membership. One query, by index, however many communities."""
    if not pairs:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _MEMBERS_AMONG,
            [[place for place, _ in pairs], [user_id for _, user_id in pairs], [*CURRENT_STATUSES]],
        )
        return {(CommunityId(place), UserId(user_id)) for place, user_id in cursor.fetchall()}


def owner_id(community_id: CommunityId) -> UserId | None:
    """Return who owns the community; None where nobody does."""
    owner = (
        Membership.objects.filter(community_id=community_id, is_owner=True).values_list("user_id", flat=True).first()
    )
    return None if owner is None else UserId(owner)


def first_due(at: datetime) -> tuple[CommunityId, datetime] | None:
    """Return the community and the moment of the member whose access may have changed by time alone for longest."""
    due = Membership.objects.filter(access_changes_at__lte=at).order_by("access_changes_at")
    found = due.values_list("community_id", "access_changes_at").first()
    if found is None or found[1] is None:
        return None
    return CommunityId(found[0]), found[1]


def next_due_after(at: datetime) -> datetime | None:
    """Return the next moment at which somebody's access may change by time alone."""
    due = Membership.objects.filter(access_changes_at__gt=at).order_by("access_changes_at")
    return due.values_list("access_changes_at", flat=True).first()


def has_gates(community_id: CommunityId) -> bool:
    """Return whether the community has, or has had, a gate somewhere."""
    return Gate.objects.filter(community_id=community_id).exists()


def members_after(community_id: CommunityId, membership_id: UUID | None, *, limit: int) -> list[tuple[UUID, UserId]]:
    """Return the next current memberships behind one, by id, and whose they are; from the first without one."""
    rows = current_members(community_id).order_by("pk")
    if membership_id is not None:
        rows = rows.filter(pk__gt=membership_id)
    return [(pk, UserId(user_id)) for pk, user_id in rows.values_list("pk", "user_id")[:limit]]


def has_more_members_than(community_id: CommunityId, amount: int) -> bool:
    """Return whether the community has more current members; it does not count them all."""
    return current_members(community_id).order_by("pk")[amount : amount + 1].exists()
