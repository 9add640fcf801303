"""Three-valued answers about a gate, and how they combine. What the answers are about is in `requirements`; nothing is loaded here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple


class Verdict(NamedTuple):
    """Passed (True), not passed (False) or unknown (None), and the moment before which time alone does not change that.

    `until` is None when time alone never changes it.
    """

    passed: bool | None
    until: datetime | None = None


PASSED = Verdict(True)
FAILED = Verdict(False)
UNKNOWN = Verdict(None)


def invert(verdict: Verdict) -> Verdict:
    """Return the opposite; what is unknown stays unknown."""
    if verdict is FAILED:
        return PASSED
    passed, until = verdict
    return verdict if passed is None else Verdict(not passed, until)


def combine(needed: int, verdicts: Sequence[Verdict]) -> Verdict:
    """Return whether at least `needed` of the verdicts are passed: all of them is "all", one is "any" (Kleene's logic).

    The answer stands for as long as enough of the verdicts that decide it stand, which may be longer than any one of them.
    """
    passed = [verdict.until for verdict in verdicts if verdict.passed is True]
    if len(passed) >= needed:
        return Verdict(True, _stand_together(needed, passed))
    failed = [verdict.until for verdict in verdicts if verdict.passed is False]
    too_many = len(verdicts) - needed + 1
    if len(failed) >= too_many:
        return Verdict(False, _stand_together(too_many, failed))
    return Verdict(None, earliest(verdict.until for verdict in verdicts))


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """Return the first of the moments; None stands for never."""
    return min((moment for moment in moments if moment is not None), default=None)


def _stand_together(count: int, moments: Sequence[datetime | None]) -> datetime | None:
    """Return until when `count` of the verdicts with these moments are sure to stand: those that stand longest do."""
    ending = sorted((moment for moment in moments if moment is not None), reverse=True)
    lasting = len(moments) - len(ending)
    return None if count <= lasting else ending[count - lasting - 1]
