"""The answer of `communities.access.decide`, in a form that every surface can show. The rules themselves live in communities."""

from __future__ import annotations

from datetime import datetime

from kernel.errors import DomainError, Forbidden, NotFound, Unauthenticated
from kernel.wire import WireStruct


class Remedy(WireStruct, frozen=True):
    """What a person can do next: one sentence, and the API route that does it when there is one."""

    text: str
    route: str | None = None


class Missing(WireStruct, frozen=True):
    """One requirement that is not met, named by its kind, with its remedy."""

    requirement: str
    remedy: Remedy | None = None


class Decision(WireStruct, frozen=True):
    """Allowed, or refused with a code and what is missing.

    `visible` says whether the actor may know that the resource exists: a refusal of an invisible
    resource is shown as absent. `epoch` is the member's access epoch the answer was computed at;
    `expires_at` is the earliest moment at which time alone can change the answer, or None.
    """

    allowed: bool
    code: str = "ok"
    visible: bool = True
    missing: tuple[Missing, ...] = ()
    remedy: Remedy | None = None
    epoch: int = 0
    expires_at: datetime | None = None


class AccessRefused(Forbidden):
    """A visible resource was refused; `code` is the decision's own."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(
            decision.remedy.text if decision.remedy else None,
            missing=decision.missing,
            remedy=decision.remedy,
        )
        self.decision = decision
        self.code = decision.code  # type: ignore[misc]  # the one error whose code comes from data


def refusal(decision: Decision) -> DomainError:
    """Return the error that shows a refused decision without telling more than the actor may know."""
    if decision.code == Unauthenticated.code:
        return Unauthenticated()
    if not decision.visible:
        return NotFound()
    return AccessRefused(decision)
