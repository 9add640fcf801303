"""Facts as they are known now, judged as of before: what time, or a change of a role, has taken is compared with what was there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from communities.access.database import database_facts
from communities.access.facts import Facts, MembershipFacts, Question
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


class SocketFacts:
    """What open sockets go by: of a member from whom time alone took something that is not revoked yet, the facts of just before."""

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, in one query more than `database_facts`."""
        overdue = _overdue(questions)
        return [
            replace(facts, at=moment - _JUST_BEFORE) if moment is not None else facts
            for facts, moment in zip(
                database_facts.load(questions),
                (overdue.get((question.actor.user_id, question.resource.community_id)) for question in questions),
                strict=True,
            )
        ]


socket_facts = SocketFacts()


class FactsOfBefore:
    """What open sockets went by before a role lost permissions: whoever has the role has them still. Together with what it gives now."""

    def __init__(self, role_id: RoleId, permissions: Iterable[str]) -> None:
        self._role_id = role_id
        self._permissions = frozenset(permissions)

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, in as many queries as `SocketFacts`."""
        return [self._before(facts) for facts in socket_facts.load(questions)]

    def _before(self, facts: Facts) -> Facts:
        membership = facts.membership
        if not isinstance(membership, MembershipFacts) or self._role_id not in membership.role_ids:
            return facts
        return replace(facts, membership=replace(membership, permissions=membership.permissions | self._permissions))


def _overdue(questions: Sequence[Question]) -> Mapping[tuple[UserId | None, CommunityId], datetime | None]:
    rows = Membership.objects.filter(
        user_id__in={question.actor.user_id for question in questions},
        community_id__in={question.resource.community_id for question in questions},
        access_changes_at__lte=now(),
    )
    found = rows.values_list("user_id", "community_id", "access_changes_at")
    return {(UserId(user_id), CommunityId(community_id)): moment for user_id, community_id, moment in found}
