"""Facts as they are known now, judged as of before: what time, or a change of a role, has taken is compared with what was there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from communities.access.database import database_facts
from communities.access.facts import Facts, FactSource, MembershipFacts, Question
from communities.models import Membership
from kernel.clock import now
from kernel.ids import CommunityId, RoleId, UserId

_JUST_BEFORE = timedelta(microseconds=1)


class FactsBefore:
    """What is known now, judged just before a moment."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, in as many queries as `database_facts`."""
        return [replace(facts, at=self._moment - _JUST_BEFORE) for facts in database_facts.load(questions)]


class FactsBeforeEach:
    """What is known now, of each user judged just before a moment of their own."""

    def __init__(self, moments: Mapping[UserId, datetime]) -> None:
        self._moments = moments

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, about these users alone, in as many queries as `database_facts`."""
        asked = zip(database_facts.load(questions), questions, strict=True)
        return [
            replace(facts, at=self._moments[question.actor.require_user()] - _JUST_BEFORE) for facts, question in asked
        ]


class FactsOfBefore:
    """Facts as they were before a role lost permissions: whoever has the role has them still. Together with what it gives now."""

    def __init__(self, facts: FactSource, role_id: RoleId, permissions: Iterable[str]) -> None:
        self._facts = facts
        self._role_id = role_id
        self._permissions = frozenset(permissions)

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, in as many queries as those facts take."""
        return [self._before(facts) for facts in self._facts.load(questions)]

    def _before(self, facts: Facts) -> Facts:
        membership = facts.membership
        if not isinstance(membership, MembershipFacts) or self._role_id not in membership.role_ids:
            return facts
        return replace(facts, membership=replace(membership, permissions=membership.permissions | self._permissions))


def overdue(community_id: CommunityId, user_ids: Collection[UserId]) -> Mapping[UserId, datetime]:
    """Return, of those members from whom time alone may have taken something that is not revoked yet, the moment. One query."""
    rows = Membership.objects.filter(community_id=community_id, user_id__in=user_ids, access_changes_at__lte=now())
    found = rows.values_list("user_id", "access_changes_at")
    return {UserId(user_id): moment for user_id, moment in found if moment is not None}
