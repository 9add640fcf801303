"""The requirement of an approved application."""

from __future__ import annotations

from communities.gates.facts import APPROVED_APPLICATION, GateFacts
from communities.gates.requirement import Requirement, judge_flag
from communities.gates.verdicts import Verdict
from kernel.decision import Remedy


class Application(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="application"):
    """The user has applied to the community, and a reviewer has approved."""

    about = "They applied to this community, and a reviewer approved."
    reads = frozenset({APPROVED_APPLICATION})
    remedy = Remedy(text="Apply to this community.", route="/api/v1/communities/{community}/applications")

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether an application was approved; time alone changes nothing."""
        return judge_flag(facts, APPROVED_APPLICATION)

    def sentence(self) -> str:
        """Return what has to be."""
        return "Your application was approved."
