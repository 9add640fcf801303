"""The requirement of a second factor."""

from __future__ import annotations

from communities.gates.facts import SECOND_FACTOR, GateFacts
from communities.gates.requirement import Requirement, judge_flag
from communities.gates.verdicts import Verdict
from kernel.decision import Remedy


class TwoFactor(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="two_factor"):
    """The user's account is guarded by an authenticator app or a passkey; recovery codes alone are none."""

    about = "Their account has an authenticator app or a passkey."
    reads = frozenset({SECOND_FACTOR})
    remedy = Remedy(
        text="Set up an authenticator app or a passkey.", route="/_allauth/app/v1/account/authenticators/totp"
    )

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether there is a second factor; time alone changes nothing."""
        return judge_flag(facts, SECOND_FACTOR)

    def sentence(self) -> str:
        """Return what has to be."""
        return "Your account has a second factor."
