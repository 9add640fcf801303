"""The requirement of a level, earned by taking part."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET

from communities.constants import MAX_LEVEL
from communities.gates.facts import LEVEL, GateFacts
from communities.gates.requirement import Requirement
from communities.gates.verdicts import FAILED, PASSED, UNKNOWN, Verdict
from kernel.decision import Remedy


class Level(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="level"):
    """The member has reached a level of the community; who has none stands at 0."""

    level: Annotated[int, msgspec.Meta(ge=1, le=MAX_LEVEL)]

    about = "They have reached this level here."
    reads = frozenset({LEVEL})
    remedy = Remedy(text="Take part in this community to reach the level.")

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether the level is reached; time alone changes nothing."""
        level = facts.read(LEVEL)
        if level is UNSET:
            return UNKNOWN
        return PASSED if level is not None and level >= self.level else FAILED

    def sentence(self) -> str:
        """Return what has to be."""
        return f"You have reached level {self.level} in this community."
