"""The requirement of an account that is not new."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import UNSET

from communities.gates.facts import ACCOUNT_CREATED_AT, GateFacts
from communities.gates.requirement import Requirement, counted, judge_from
from communities.gates.verdicts import FAILED, UNKNOWN, Verdict


class AccountAge(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="account_age"):
    """The user's account was made at least so many days (24 hours each) ago."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3650)]

    about = "Their account was made at least so many days ago."
    reads = frozenset({ACCOUNT_CREATED_AT})
    remedy = None

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether the account is old enough, and when it will be."""
        created = facts.read(ACCOUNT_CREATED_AT)
        if created is UNSET:
            return UNKNOWN
        return FAILED if created is None else judge_from(created + timedelta(days=self.days), facts.at)

    def sentence(self) -> str:
        """Return what has to be."""
        return f"Your account is at least {counted(self.days, 'day')} old."
