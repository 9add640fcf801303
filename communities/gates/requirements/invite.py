"""The requirement of an invite."""

from __future__ import annotations

from communities.gates.facts import CAME_BY_INVITE, GateFacts
from communities.gates.requirement import Requirement, judge_flag
from communities.gates.verdicts import Verdict
from kernel.decision import Remedy


class Invited(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="invite"):
    """The user has accepted an invite in their present membership, at its beginning or later. No code is a part of the gate."""

    about = "They became a member by an invite."
    reads = frozenset({CAME_BY_INVITE})
    remedy = Remedy(text="Ask a member for an invite, and accept it.", route="/api/v1/invites/accept")

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether an invite was used; time alone changes nothing."""
        return judge_flag(facts, CAME_BY_INVITE)

    def sentence(self) -> str:
        """Return what has to be."""
        return "You came by an invite."
