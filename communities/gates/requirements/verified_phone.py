"""The requirement of a verified phone number."""

from __future__ import annotations

from communities.gates.facts import VERIFIED_PHONE, GateFacts
from communities.gates.requirement import Requirement, judge_flag
from communities.gates.verdicts import Verdict
from kernel.decision import Remedy


class VerifiedPhone(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="verified_phone"):
    """The user has shown that a phone number is theirs."""

    about = "They have shown that a phone number is theirs."
    reads = frozenset({VERIFIED_PHONE})
    remedy = Remedy(text="Verify a phone number.", route="/_allauth/app/v1/account/phone")

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether a number is verified; time alone changes nothing."""
        return judge_flag(facts, VERIFIED_PHONE)

    def sentence(self) -> str:
        """Return what has to be."""
        return "You have a verified phone number."
