"""Communities as one user sees them: lists, figures, and what the user may do in each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from msgspec import structs

from communities.access.database import (
    MEMBERSHIP_COLUMNS,
    ROLES_OF_MEMBERSHIP,
    load_memberships_of,
    membership_facts_of,
)
from communities.access.facts import MembershipFacts
from communities.access.grants import permissions_in
from communities.access.resources import COMMUNITY_KIND, Resource
from communities.constants import CURRENT_STATUSES, CommunityVisibility, JoinPolicy, MembershipStatus
from communities.events import CommunityPayload, MyCommunityPayload
from communities.models import ApplicationForm, Community, Membership
from communities.payloads import community_payload
from communities.queries.keyset import SortKey, cut_page, parse_time
from eventlog.statements import send, texts, uuids
from kernel.ids import CommunityId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

_MEMBERSHIPS = f"""
SELECT asked.user_id, membership.community_id, {MEMBERSHIP_COLUMNS}
FROM unnest(%s::uuid[]) AS asked (user_id)
CROSS JOIN LATERAL (
    SELECT found.*, lower(community.name) AS community_name
    FROM communities_membership found JOIN communities_community community ON community.id = found.community_id
    WHERE found.user_id = asked.user_id AND found.status = ANY(%s::text[])
    ORDER BY lower(community.name), community.id LIMIT %s
) membership
{ROLES_OF_MEMBERSHIP}
ORDER BY membership.community_name, membership.community_id
"""  # noqa: S608  # made of constants

_CARDS = """
SELECT community.id, community.slug, community.name, community.description, community.join_policy,
       community.visibility, community.created_at,
       coalesce((SELECT form.closed_at IS NULL FROM communities_applicationform form
                 WHERE form.community_id = community.id ORDER BY form.number DESC LIMIT 1), false),
       (SELECT count(*) FROM communities_membership membership
        WHERE membership.community_id = community.id AND membership.status = ANY(%s::text[]))
FROM communities_community community WHERE community.id = ANY(%s::uuid[])
"""

COMMUNITY_SORTS = {"name": SortKey("lower_name"), "created_at": SortKey("created_at", parse_time)}


def list_my_communities(
    user_id: UserId, *, page: PageRequest, search: str = "", sort: str = "name"
) -> Page[MyCommunityPayload]:
    """Return the communities that the user is a member of; `search` looks in name and slug. Two queries."""
    return _page(_mine(user_id), user_id, page=page, search=search, sort=sort)


def list_communities_of(user_ids: Collection[UserId], *, limit: int) -> dict[UserId, list[MyCommunityPayload]]:
    """Return what `list_my_communities` would show each user, at most `limit` each. Two statements for any number of users."""
    current = texts(CURRENT_STATUSES)
    memberships = send(_MEMBERSHIPS, [uuids(user_ids), current, limit]).fetchall()
    seen = send(_CARDS, [current, uuids({community_id for _, community_id, *_ in memberships})]).fetchall()
    cards = {card[0]: (_card(*card[:-2]), _Figures(*card[-2:])) for card in seen}
    listed: dict[UserId, list[MyCommunityPayload]] = {user_id: [] for user_id in user_ids}
    for user_id, community_id, *membership in memberships:
        if community_id in cards:  # it may have gone between the two statements
            card, figures = cards[community_id]
            listed[UserId(user_id)].append(_seen_by(card, membership_facts_of(user_id, *membership), figures))
    return listed


def _card(
    pk: UUID, slug: str, name: str, description: str, policy: str, visibility: str, created_at: datetime
) -> CommunityPayload:
    return CommunityPayload(
        id=pk,
        slug=slug,
        name=name,
        description=description,
        join_policy=JoinPolicy(policy),
        visibility=CommunityVisibility(visibility),
        created_at=created_at,
    )


def list_listed_communities(
    user_id: UserId, *, page: PageRequest, search: str = "", sort: str = "name"
) -> Page[MyCommunityPayload]:
    """Return the communities that anyone may find, but for those that have banned the user. Two queries."""
    banned = Membership.objects.filter(community=OuterRef("pk"), user_id=user_id, status=MembershipStatus.BANNED)
    rows = Community.objects.filter(~Exists(banned), visibility=CommunityVisibility.LISTED)
    return _page(rows, user_id, page=page, search=search, sort=sort)


def get_my_community(community_id: CommunityId, user_id: UserId | None) -> MyCommunityPayload:
    """Return one community, which must exist, as the user sees it; the system is no member. Two queries."""
    return _payloads([_counted(Community.objects.filter(pk=community_id)).get()], user_id)[0]


def _mine(user_id: UserId) -> QuerySet[Community]:
    return Community.objects.filter(memberships__user_id=user_id, memberships__status__in=CURRENT_STATUSES)


def _page(
    rows: QuerySet[Community], user_id: UserId, *, page: PageRequest, search: str, sort: str
) -> Page[MyCommunityPayload]:
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(slug__icontains=search))
    counted = _counted(rows.annotate(lower_name=Lower("name")))
    found, following = cut_page(counted, sort=sort, sorts=COMMUNITY_SORTS, page=page)
    return Page(items=_payloads(found, user_id), next=following)


def _counted(rows: QuerySet[Community]) -> QuerySet[Community]:
    current = Membership.objects.filter(community=OuterRef("pk"), status__in=CURRENT_STATUSES)
    counted = current.order_by().values("community").annotate(amount=Count("pk")).values("amount")
    forms = ApplicationForm.objects.filter(community=OuterRef("pk")).order_by("-number")
    is_open = forms.annotate(is_open=ExpressionWrapper(Q(closed_at=None), BooleanField())).values("is_open")[:1]
    return rows.annotate(
        member_count=Coalesce(Subquery(counted), 0), takes_applications=Coalesce(Subquery(is_open), False)
    )


def _payloads(communities: Sequence[Community], user_id: UserId | None) -> list[MyCommunityPayload]:
    ids = [CommunityId(community.pk) for community in communities]
    mine = load_memberships_of(user_id, ids) if user_id is not None else {}
    return [
        _seen_by(community_payload(community), mine.get(CommunityId(community.pk)), _figures(community))
        for community in communities
    ]


class _Figures(NamedTuple):
    """What is counted of a community, beside its row."""

    takes_applications: bool
    member_count: int


def _figures(community: Community) -> _Figures:
    return _Figures(*(getattr(community, name) for name in _Figures._fields))


def _seen_by(community: CommunityPayload, mine: MembershipFacts | None, figures: _Figures) -> MyCommunityPayload:
    """Return the community as the user sees it whose membership is `mine`."""
    itself = Resource(CommunityId(community.id), COMMUNITY_KIND, community.id)
    membership = mine if mine is not None and mine.status in CURRENT_STATUSES else None
    return MyCommunityPayload(
        **structs.asdict(community),
        is_member=membership is not None,
        is_owner=membership is not None and membership.is_owner,
        my_roles=membership.role_ids[:-1] if membership is not None else (),
        my_permissions=permissions_in(membership, itself) if membership is not None else (),
        owes_rules=membership is not None and membership.owes_rules,
        takes_applications=figures.takes_applications,
        member_count=figures.member_count,
    )
