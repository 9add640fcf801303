"""Who gains and who loses when other gates hold: both are judged for every member, by facts that are read once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from communities.access.database import load_member_facts
from communities.access.known import is_current
from communities.gates.conditions import at_least
from communities.gates.facts import GateFacts
from communities.gates.live import LiveGate
from communities.queries.memberships import members_after
from kernel.ids import CommunityId, UserId

_AT_ONCE = 1_000


class Comparison(NamedTuple):
    """How many current members were looked at, and who of them passes one way alone, in the order of their membership."""

    members: int
    gaining: list[UserId]
    losing: list[UserId]


def compare_gates(community_id: CommunityId, before: Sequence[LiveGate], after: Sequence[LiveGate]) -> Comparison:
    """Return who would pass `after` and does not pass `before`, and the other way round. Two queries and one more per 1,000 members."""
    old = at_least(len(before), [gate.condition for gate in before])
    new = at_least(len(after), [gate.condition for gate in after])
    comparison = Comparison(0, [], [])
    looked_at = 0
    last: UUID | None = None
    while members := members_after(community_id, last, limit=_AT_ONCE):
        last = members[-1][0]
        user_ids = [user_id for _, user_id in members]
        looked_at += len(user_ids)
        for user_id, facts in load_member_facts(community_id, user_ids, {*before, *after}).items():
            known = GateFacts(facts.at, facts.known)
            passed, will_pass = old(known).passed is True, new(known).passed is True
            if will_pass and not passed:
                comparison.gaining.append(user_id)
            elif passed and not will_pass and is_current(facts.membership):
                comparison.losing.append(user_id)
    return comparison._replace(members=looked_at)
