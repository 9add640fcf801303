"""Entitlements: lists of them, which hold now, and which have ended without it being told."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from communities.events import EntitlementPayload, MyEntitlementPayload, TrialOfferPayload
from communities.models import Entitlement, TrialOffer
from communities.payloads import entitlement_payload, my_entitlement_payload, trial_offer_payload
from communities.queries.keyset import SortKey, cut_page, parse_time
from kernel.clock import now
from kernel.ids import CommunityId, EntitlementId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

ENTITLEMENT_SORTS = {"created_at": SortKey("created_at", parse_time)}


def list_entitlements(
    community_id: CommunityId,
    *,
    page: PageRequest,
    user_id: UserId | None = None,
    key: str | None = None,
    sort: str = "-created_at",
) -> Page[EntitlementPayload]:
    """Return what was granted in a community, of one user or key or all, with what is over. One query."""
    rows = Entitlement.objects.filter(community_id=community_id).select_related("user", "granted_by")
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    if key is not None:
        rows = rows.filter(key=key)
    found, following = cut_page(rows, sort=sort, sorts=ENTITLEMENT_SORTS, page=page)
    return Page(items=[entitlement_payload(entitlement) for entitlement in found], next=following)


def list_my_entitlements(
    user_id: UserId, *, page: PageRequest, sort: str = "-created_at"
) -> Page[MyEntitlementPayload]:
    """Return what a user has or will have, in all communities. One query."""
    rows = _not_over().filter(user_id=user_id)
    found, following = cut_page(rows, sort=sort, sorts=ENTITLEMENT_SORTS, page=page)
    return Page(items=[my_entitlement_payload(entitlement) for entitlement in found], next=following)


def find_entitlement(community_id: CommunityId, entitlement_id: EntitlementId) -> Entitlement | None:
    """Return an entitlement in the community, with its people. One query."""
    rows = Entitlement.objects.filter(community_id=community_id, pk=entitlement_id)
    return rows.select_related("user", "granted_by").first()


def count_entitlements(community_id: CommunityId, user_id: UserId) -> int:
    """Return how many a user has or will have in a community."""
    return _not_over().filter(community_id=community_id, user_id=user_id).count()


def communities_with_untold_ends() -> list[CommunityId]:
    """Return some of the communities where something has ended and nobody was told."""
    found = _untold_ends().order_by("ends_at").values_list("community_id", flat=True)[:1_000]
    return [CommunityId(community_id) for community_id in dict.fromkeys(found)]


def untold_ends(community_id: CommunityId, *, most: int) -> list[Entitlement]:
    """Return some of the entitlements of a community that have ended without it being told, with their people."""
    rows = _untold_ends().filter(community_id=community_id).select_related("user", "granted_by")
    return list(rows.order_by("ends_at", "pk")[:most])


def list_trial_offers(community_id: CommunityId) -> Page[TrialOfferPayload]:
    """Return what can be tried in a community; their number is limited, so there is one page. One query."""
    offers = TrialOffer.objects.filter(community_id=community_id).order_by("key")
    return Page(items=[trial_offer_payload(offer) for offer in offers], next=None)


def find_trial_offer(community_id: CommunityId, offer_id: UUID) -> TrialOffer | None:
    """Return an offer of the community."""
    return TrialOffer.objects.filter(community_id=community_id, pk=offer_id).first()


def _not_over() -> QuerySet[Entitlement]:
    return Entitlement.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now()), revoked_at=None)


def _untold_ends() -> QuerySet[Entitlement]:
    return Entitlement.objects.filter(end_told_at=None, revoked_at=None, ends_at__lte=now())
