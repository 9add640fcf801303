"""How somebody stands before gates, told to themselves or to who manages them. It is judged as `decide` does, for non-members too."""

from __future__ import annotations

from collections.abc import Sequence

from communities.access.database import load_memberships
from communities.access.known import is_current, load_known, with_membership
from communities.events import GateStanding
from communities.gates.conditions import at_least
from communities.gates.explaining import explain
from communities.gates.facts import MEMBER_SINCE, ROLES, GateFacts
from communities.gates.live import LiveGate
from kernel.clock import now
from kernel.ids import CommunityId, UserId


def standing_of(user_id: UserId, community_id: CommunityId, gates: Sequence[LiveGate]) -> GateStanding:
    """Return whether the user passes all of the gates, and why, each explained in their order. Two queries.

    Who is let off for a while passes, though the explanation of a part may say that they do not meet it.
    """
    membership = load_memberships(community_id, [user_id]).get(user_id)
    reads = frozenset().union(*(gate.reads for gate in gates))
    loaded = load_known([(user_id, community_id)], reads).facts[user_id, community_id]
    none = {**loaded, MEMBER_SINCE: None, ROLES: ()}
    facts = GateFacts(now(), with_membership(loaded, membership) if is_current(membership) else none)
    verdict = at_least(len(gates), [gate.condition for gate in gates])(facts)
    told = tuple(explain(gate.tree, facts, community_id) for gate in gates if gate.tree is not None)
    return GateStanding(passed=verdict.passed is True, until=verdict.until, gates=told)
