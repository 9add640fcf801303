"""Limits on what costs money: exact, all or nothing, and closed when they cannot be counted. The counting is plugged in by project.

A rate limit (`kernel.rate_limits`) gives units back little by little and lets pass when it cannot count; a budget does neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kernel.errors import RateLimited
from kernel.rate_limits import RateLimit

Budget = tuple[RateLimit, str]
"""At most `quota` units in any `seconds`, for a key."""


class Treasurer(Protocol):
    """Counts. An implementation must be safe to call from many threads and processes at once."""

    def spend(self, budgets: Sequence[Budget]) -> RateLimited | None:
        """Use one unit of every budget, or of none: then return the refusal of the one that frees last.

        Raises `Unavailable` when it cannot count.
        """


_treasurer: Treasurer | None = None


def use_treasurer(treasurer: Treasurer) -> None:
    """Plug in the process's treasurer; called once at start-up."""
    global _treasurer
    _treasurer = treasurer


def spend(budgets: Sequence[Budget]) -> None:
    """Use one unit of every budget, or of none and raise `RateLimited` with the time until all have one; or `Unavailable`."""
    if _treasurer is None:
        raise RuntimeError("no treasurer is plugged in: call kernel.budgets.use_treasurer at start-up")
    refusal = _treasurer.spend(budgets)
    if refusal is not None:
        raise refusal
