"""The requirement of having been a member for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import UNSET

from communities.gates.facts import MEMBER_SINCE, GateFacts
from communities.gates.requirement import Requirement, counted, judge_from
from communities.gates.verdicts import FAILED, UNKNOWN, Verdict


class MemberFor(Requirement, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="member_for"):
    """The user's present membership began at least so many days (24 hours each) ago; leaving begins it anew."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3650)]

    about = "They have been a member for at least so many days."
    reads = frozenset({MEMBER_SINCE})
    remedy = None

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether the membership is old enough, and when it will be."""
        since = facts.read(MEMBER_SINCE)
        if since is UNSET:
            return UNKNOWN
        return FAILED if since is None else judge_from(since + timedelta(days=self.days), facts.at)

    def sentence(self) -> str:
        """Return what has to be."""
        return f"You have been a member for at least {counted(self.days, 'day')}."
