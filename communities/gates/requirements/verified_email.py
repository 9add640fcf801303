"""The requirement of a verified e-mail address."""

from __future__ import annotations

from communities.gates.facts import VERIFIED_EMAIL, GateFacts
from communities.gates.requirement import Requirement, judge_flag
from communities.gates.verdicts import Verdict
from kernel.decision import Remedy


class VerifiedEmail(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="verified_email"):
    """The user has shown that their e-mail address is theirs."""

    about = "They have shown that their e-mail address is theirs."
    reads = frozenset({VERIFIED_EMAIL})
    remedy = Remedy(text="Verify your e-mail address.", route="/_allauth/app/v1/account/email")

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether the address is verified; time alone changes nothing."""
        return judge_flag(facts, VERIFIED_EMAIL)

    def sentence(self) -> str:
        """Return what has to be."""
        return "Your e-mail address is verified."
