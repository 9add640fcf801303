"""Lists of communities and the figures shown with them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from msgspec import structs

from communities.constants import CURRENT_STATUSES, CommunityVisibility, JoinPolicy, MembershipStatus, Role
from communities.events import MyCommunityPayload
from communities.models import Community, Membership
from communities.payloads import my_community_payload
from communities.queries.keyset import SortKey, cut_page, parse_time
from eventlog.statements import send, texts, uuids
from kernel.ids import CommunityId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

_MEMBERSHIPS = """
SELECT asked.user_id, mine.community_id, mine.role
FROM unnest(%s::uuid[]) AS asked (user_id)
CROSS JOIN LATERAL (
    SELECT membership.community_id, membership.role, lower(community.name) AS name
    FROM communities_membership membership JOIN communities_community community ON community.id = membership.community_id
    WHERE membership.user_id = asked.user_id AND membership.status = ANY(%s::text[])
    ORDER BY lower(community.name), community.id LIMIT %s
) mine
ORDER BY mine.name, mine.community_id
"""

_CARDS = """
SELECT community.id, community.slug, community.name, community.description, community.join_policy,
       community.visibility, community.created_at,
       (SELECT count(*) FROM communities_membership membership
        WHERE membership.community_id = community.id AND membership.status = ANY(%s::text[]))
FROM communities_community community WHERE community.id = ANY(%s::uuid[])
"""

COMMUNITY_SORTS = {"name": SortKey("lower_name"), "created_at": SortKey("created_at", parse_time)}


def list_my_communities(
    user_id: UserId, *, page: PageRequest, search: str = "", sort: str = "name"
) -> Page[MyCommunityPayload]:
    """Return the communities that the user is a member of; `search` looks in name and slug. One query."""
    return _page(_mine(user_id), user_id, page=page, search=search, sort=sort)


def list_communities_of(user_ids: Collection[UserId], *, limit: int) -> dict[UserId, list[MyCommunityPayload]]:
    """Return what `list_my_communities` would show each user, at most `limit` each. Two statements for any number of users."""
    current = texts(CURRENT_STATUSES)
    memberships = send(_MEMBERSHIPS, [uuids(user_ids), current, limit]).fetchall()
    seen = send(_CARDS, [current, uuids({community_id for _, community_id, _ in memberships})]).fetchall()
    communities = {card[0]: _card(*card) for card in seen}
    listed: dict[UserId, list[MyCommunityPayload]] = {user_id: [] for user_id in user_ids}
    for user_id, community_id, role in memberships:
        if community_id in communities:  # it may have gone between the two statements
            listed[UserId(user_id)].append(structs.replace(communities[community_id], my_role=Role(role)))
    return listed


def _card(
    pk: UUID, slug: str, name: str, description: str, policy: str, visibility: str, created_at: datetime, members: int
) -> MyCommunityPayload:
    return MyCommunityPayload(
        id=pk,
        slug=slug,
        name=name,
        description=description,
        join_policy=JoinPolicy(policy),
        visibility=CommunityVisibility(visibility),
        created_at=created_at,
        my_role=None,
        member_count=members,
    )


def list_listed_communities(
    user_id: UserId, *, page: PageRequest, search: str = "", sort: str = "name"
) -> Page[MyCommunityPayload]:
    """Return the communities that anyone may find, but for those that have banned the user. One query."""
    banned = Membership.objects.filter(community=OuterRef("pk"), user_id=user_id, status=MembershipStatus.BANNED)
    rows = Community.objects.filter(~Exists(banned), visibility=CommunityVisibility.LISTED)
    return _page(rows, user_id, page=page, search=search, sort=sort)


def get_my_community(community_id: CommunityId, user_id: UserId | None) -> MyCommunityPayload:
    """Return one community, which must exist, as the user sees it; for the system there is no role. One query."""
    return _payload(_seen_by(Community.objects.filter(pk=community_id), user_id).get())


def _mine(user_id: UserId) -> QuerySet[Community]:
    return Community.objects.filter(memberships__user_id=user_id, memberships__status__in=CURRENT_STATUSES)


def _page(
    rows: QuerySet[Community], user_id: UserId, *, page: PageRequest, search: str, sort: str
) -> Page[MyCommunityPayload]:
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(slug__icontains=search))
    seen = _seen_by(rows.annotate(lower_name=Lower("name")), user_id)
    found, following = cut_page(seen, sort=sort, sorts=COMMUNITY_SORTS, page=page)
    return Page(items=[_payload(community) for community in found], next=following)


def _seen_by(rows: QuerySet[Community], user_id: UserId | None) -> QuerySet[Community]:
    current = Membership.objects.filter(community=OuterRef("pk"), status__in=CURRENT_STATUSES)
    mine = current.filter(user_id=user_id) if user_id is not None else current.none()
    counted = current.order_by().values("community").annotate(amount=Count("pk")).values("amount")
    return rows.annotate(
        my_role=Subquery(mine.values("role")),
        member_count=Coalesce(Subquery(counted), 0),
    )


def _payload(community: Community) -> MyCommunityPayload:
    role: str | None = getattr(community, "my_role")  # noqa: B009  # an annotation, which mypy cannot see
    count: int = getattr(community, "member_count")  # noqa: B009
    return my_community_payload(community, my_role=Role(role) if role else None, member_count=count)
