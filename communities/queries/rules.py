"""The versions of a community's rules, and who accepted them."""

from __future__ import annotations

from communities.events import MyRules, RulesAcceptancePayload, RulesPayload
from communities.models import Community, Membership, RulesAcceptance, RulesVersion
from communities.payloads import rules_acceptance_payload, rules_payload
from communities.queries.keyset import SortKey, cut_page, parse_time
from kernel.ids import CommunityId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

VERSION_SORTS = {"created_at": SortKey("created_at", parse_time)}
ACCEPTANCE_SORTS = {"accepted_at": SortKey("accepted_at", parse_time)}


def newest_rules(community_id: CommunityId) -> RulesVersion | None:
    """Return the version that counts."""
    return RulesVersion.objects.filter(community_id=community_id).order_by("-number").first()


def get_my_rules(community: Community, user_id: UserId | None) -> MyRules:
    """Return the newest rules and how far the user has accepted them. Two queries."""
    rules = newest_rules(CommunityId(community.pk))
    of_community = Membership.objects.filter(community=community)
    mine = of_community.filter(user_id=user_id) if user_id is not None else of_community.none()
    return MyRules(
        rules=rules_payload(rules) if rules is not None else None,
        required_number=community.rules_required,
        accepted_number=mine.values_list("rules_accepted", flat=True).first() or 0,
    )


def list_rules(community_id: CommunityId, *, page: PageRequest, sort: str = "-created_at") -> Page[RulesPayload]:
    """Return the versions that there were. One query."""
    rows = RulesVersion.objects.filter(community_id=community_id)
    found, following = cut_page(rows, sort=sort, sorts=VERSION_SORTS, page=page)
    return Page(items=[rules_payload(rules) for rules in found], next=following)


def list_rules_acceptances(
    community_id: CommunityId, *, page: PageRequest, number: int | None = None, sort: str = "-accepted_at"
) -> Page[RulesAcceptancePayload]:
    """Return who accepted the rules, those of one version or all. One query."""
    rows = RulesAcceptance.objects.filter(community_id=community_id).select_related("user", "version")
    if number is not None:
        rows = rows.filter(version__number=number)
    found, following = cut_page(rows, sort=sort, sorts=ACCEPTANCE_SORTS, page=page)
    return Page(items=[rules_acceptance_payload(acceptance) for acceptance in found], next=following)
