"""The requirement that a service of the operator says yes. Asking it is not done here: a verdict reads the answer that was kept."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET

from communities.gates.facts import EXTERNAL_ANSWERS, GateFacts
from communities.gates.requirement import Requirement
from communities.gates.verdicts import UNKNOWN, Verdict
from kernel.decision import Remedy


class External(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="external"):
    """The service with that name says yes to the user. Without an answer, or with one that is over, it is unknown."""

    service: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}$(?!\n)")]

    about = "This service says yes to them, and its answer still counts."
    reads = frozenset({EXTERNAL_ANSWERS})
    hidden = frozenset({"service"})
    remedy = Remedy(
        text="Ask the community what its service needs of you, then have it asked again.",
        route="/api/v1/communities/{community}/external-answers/refresh",
    )

    def judge(self, facts: GateFacts) -> Verdict:
        """Return the answer for as long as it counts."""
        answers = facts.read(EXTERNAL_ANSWERS)
        answer = None if answers is UNSET else answers.get(self.service)
        if answer is None or facts.at >= answer.expires_at:
            return UNKNOWN
        return Verdict(answer.passed, answer.expires_at)

    def sentence(self) -> str:
        """Return what has to be."""
        return "The service that this community asks says that you may come in."
