"""The requirement of an age. Birthdays begin at midnight UTC; who was born on 29 February has theirs on 1 March in other years."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated

import msgspec
from msgspec import UNSET

from communities.gates.facts import BIRTH_DATE, GateFacts
from communities.gates.requirement import Requirement, judge_from
from communities.gates.verdicts import FAILED, UNKNOWN, Verdict
from kernel.decision import Remedy


class MinAge(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="min_age"):
    """The user is at least so many years old, by the birth date of their account."""

    years: Annotated[int, msgspec.Meta(ge=1, le=120)]

    about = "They are at least so many years old, by the birth date of their account."
    reads = frozenset({BIRTH_DATE})
    remedy = Remedy(text="Set your birth date; nobody else is shown it.", route="/api/v1/me/birth-date")

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether the birthday has come; who has told no birth date does not pass."""
        born = facts.read(BIRTH_DATE)
        if born is UNSET:
            return UNKNOWN
        return FAILED if born is None else judge_from(_birthday(born, self.years), facts.at)

    def sentence(self) -> str:
        """Return what has to be; the user's own date is not in it."""
        return f"You are at least {self.years} years old."


def _birthday(born: date, years: int) -> datetime:
    try:
        day = born.replace(year=born.year + years)
    except ValueError:  # 29 February, in a year without one
        day = date(born.year + years, 3, 1)
    return datetime.combine(day, time.min, tzinfo=UTC)
