"""The requirement of an entitlement."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET

from communities.gates.facts import ENTITLEMENTS, GateFacts
from communities.gates.requirement import Requirement
from communities.gates.verdicts import UNKNOWN, Verdict, earliest
from kernel.decision import Remedy


class Entitled(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="entitlement"):
    """The user has the entitlement with that key now. Its end acts by itself."""

    key: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9._-]{1,60}$(?!\n)")]

    about = "They have this entitlement now."
    reads = frozenset({ENTITLEMENTS})
    hidden = frozenset({"key"})
    remedy = Remedy(
        text="Ask the community how to get access, or look whether it can be tried.",
        route="/api/v1/communities/{community}/trials",
    )

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether one of the key's spans holds, until the last of those that do ends, or the next one begins."""
        entitlements = facts.read(ENTITLEMENTS)
        if entitlements is UNSET:
            return UNKNOWN
        spans = entitlements.get(self.key, ())
        ends = [end for start, end in spans if start <= facts.at and (end is None or facts.at < end)]
        if not ends:
            return Verdict(False, earliest(start for start, _ in spans if start > facts.at))
        return Verdict(True, None if None in ends else max(end for end in ends if end is not None))

    def sentence(self) -> str:
        """Return what has to be."""
        return "You have what gives access here, and it has not ended."
