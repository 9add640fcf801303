"""How somebody stands before gates, told to themselves or to who manages them. It is judged as `decide` does, for non-members too."""

from __future__ import annotations

from collections.abc import Sequence

from communities.access.database import load_memberships
from communities.access.known import is_current, load_known, with_membership
from communities.constants import JoinPolicy
from communities.events import GateStanding
from communities.gates.conditions import at_least
from communities.gates.explaining import explain
from communities.gates.facts import MEMBER_SINCE, ROLES, GateFacts
from communities.gates.live import LiveGate
from communities.models import Community
from communities.queries.application_forms import newest_form
from communities.queries.applications import has_pending_application
from kernel.clock import now
from kernel.decision import Missing, Remedy
from kernel.ids import CommunityId, UserId

_INVITE = Remedy(text="Ask a member for an invite, and accept it.", route="/api/v1/invites/accept")
_WAIT = Remedy(text="You have applied. Wait until somebody decides.", route="/api/v1/me/applications")
_WAYS_IN = ("invite", "application")
"""The requirements whose remedies make a member as well."""


def standing_of(user_id: UserId, community: Community, gates: Sequence[LiveGate]) -> GateStanding:
    """Return whether the user passes all of the gates, and why, each explained in their order. At most four queries.

    Who is let off for a while passes, though the explanation of a part may say that they do not meet it.
    """
    community_id = CommunityId(community.pk)
    membership = load_memberships(community_id, [user_id]).get(user_id)
    reads = frozenset().union(*(gate.reads for gate in gates))
    loaded = load_known([(user_id, community_id)], reads).facts[user_id, community_id]
    none = {**loaded, MEMBER_SINCE: None, ROLES: ()}
    facts = GateFacts(now(), with_membership(loaded, membership) if is_current(membership) else none)
    verdict = at_least(len(gates), [gate.condition for gate in gates])(facts)
    told = tuple(explain(gate.tree, facts, community_id) for gate in gates if gate.tree is not None)
    missing = _missing(gates, facts, community_id)
    if not is_current(membership):
        missing = (_missing_membership(community, missing), *missing)
    steps = _steps(missing, user_id, community_id)
    return GateStanding(passed=verdict.passed is True, until=verdict.until, missing=steps, gates=told)


def _missing(gates: Sequence[LiveGate], facts: GateFacts, community_id: CommunityId) -> tuple[Missing, ...]:
    """Return what the gates that are closed ask for, each kind of requirement once."""
    closed = [gate for gate in gates if gate.condition(facts).passed is not True]
    found: dict[str, Missing] = {}
    for one in (one for gate in closed for one in gate.missing(facts, community_id)):
        found.setdefault(one.requirement, one)
    return tuple(found.values())


def _steps(missing: tuple[Missing, ...], user_id: UserId, community_id: CommunityId) -> tuple[Missing, ...]:
    """Return what is missing with what is left to do: who has applied has only to wait. One query where somebody is to apply."""
    apply = _apply_to(community_id)
    if apply not in [one.remedy for one in missing] or not has_pending_application(community_id, user_id):
        return missing
    return tuple(
        Missing(requirement=one.requirement, remedy=_WAIT if one.remedy == apply else one.remedy) for one in missing
    )


def _missing_membership(community: Community, missing: Sequence[Missing]) -> Missing:
    """Return how to become a member: as the gate asks for it where it does, else as the community takes members."""
    asked = next((one.remedy for one in missing if one.requirement in _WAYS_IN), None)
    return Missing(requirement="membership", remedy=asked or _usual_way_in(community))


def _usual_way_in(community: Community) -> Remedy:
    if community.join_policy == JoinPolicy.OPEN:
        return Remedy(text="Join this community first.", route=f"/api/v1/communities/{community.pk}/join")
    form = newest_form(CommunityId(community.pk))
    if form is not None and form.closed_at is None:
        return _apply_to(CommunityId(community.pk))
    return _INVITE


def _apply_to(community_id: CommunityId) -> Remedy:
    return Remedy(text="Apply to this community.", route=f"/api/v1/communities/{community_id}/applications")
