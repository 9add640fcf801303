"""The requirement of a role."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET

from communities.gates.facts import ROLES, GateFacts
from communities.gates.requirement import Requirement
from communities.gates.verdicts import FAILED, PASSED, UNKNOWN, Verdict
from kernel.decision import Remedy


class HasRole(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="role"):
    """The member has a role of the community. Which one is not told to who is shut out: some roles are kept quiet."""

    role: UUID

    about = "They have this role here."
    reads = frozenset({ROLES})
    hidden = frozenset({"role"})
    remedy = Remedy(text="Ask somebody who gives roles in this community.")

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether the member has the role; time alone changes nothing."""
        roles = facts.read(ROLES)
        if roles is UNSET:
            return UNKNOWN
        return PASSED if self.role in roles else FAILED

    def sentence(self) -> str:
        """Return what has to be."""
        return "You have a certain role in this community."
