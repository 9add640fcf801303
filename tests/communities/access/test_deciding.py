"""Asking the question: one actor, many users, many questions, with facts from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from communities.access import Facts, MembershipFacts, Question, Resource, decide, decide_all, decide_many, require
from communities.constants import MembershipStatus, Permission
from kernel.actor import ANONYMOUS, SYSTEM, user_actor
from kernel.decision import AccessRefused, Decision
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import CommunityId, UserId, uuid7

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNER, MEMBER, STRANGER = (UserId(uuid7()) for _ in range(3))
COMMUNITY_ID = CommunityId(uuid7())
COMMUNITY = Resource(COMMUNITY_ID, "community", COMMUNITY_ID)


class FakeFacts:
    """Facts by user, as if from a database; counts how often it is asked."""

    def __init__(self) -> None:
        self.members = {OWNER: True, MEMBER: False}
        self.loads = 0

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        self.loads += 1
        return [self._of(question.actor.user_id) for question in questions]

    def _of(self, user_id: UserId | None) -> Facts:
        membership = None
        if user_id in self.members:
            membership = MembershipFacts(
                user_id=user_id,
                status=MembershipStatus.ACTIVE,
                timed_out_until=None,
                access_epoch=1,
                joined_at=AT,
                is_owner=self.members[user_id],
                permissions=frozenset({Permission.LIST_MEMBERS}),
            )
        return Facts(
            at=AT, signed_in=user_id is not None, account_active=True, membership=membership, participation=None
        )


@pytest.fixture
def facts() -> FakeFacts:
    return FakeFacts()


def test_one_actor_gets_one_decision(facts):
    assert decide(user_actor(OWNER), Permission.GIVE_ROLE, COMMUNITY, facts=facts).allowed
    assert not decide(user_actor(MEMBER), Permission.GIVE_ROLE, COMMUNITY, facts=facts).allowed


def test_many_users_are_answered_with_one_load(facts):
    decisions = decide_many([STRANGER, MEMBER, OWNER, MEMBER], Permission.VIEW_COMMUNITY, COMMUNITY, facts=facts)

    assert {user_id: decision.allowed for user_id, decision in decisions.items()} == {
        STRANGER: False,
        MEMBER: True,
        OWNER: True,
    }
    assert facts.loads == 1


def test_questions_that_differ_in_everything_are_answered_in_their_order_with_one_load(facts):
    questions = [
        Question(SYSTEM, Permission.GIVE_ROLE, COMMUNITY),
        Question(user_actor(MEMBER), Permission.GIVE_ROLE, COMMUNITY),
        Question(SYSTEM, Permission.VIEW_COMMUNITY, COMMUNITY),
        Question(user_actor(OWNER), Permission.GIVE_ROLE, COMMUNITY),
        Question(ANONYMOUS, Permission.VIEW_COMMUNITY, COMMUNITY),
    ]

    codes = [decision.code for decision in decide_all(questions, facts=facts)]

    assert codes == ["ok", "permission.denied", "ok", "ok", "auth.required"]
    assert facts.loads == 1


def test_the_system_is_allowed_without_loading_anything(facts):
    assert decide(SYSTEM, Permission.GIVE_ROLE, COMMUNITY, facts=facts) == Decision(allowed=True)
    assert facts.loads == 0


def test_no_questions_need_no_facts(facts):
    assert decide_all([], facts=facts) == []
    assert facts.loads == 0


def test_require_returns_the_decision_that_allows(facts):
    assert require(user_actor(MEMBER), Permission.LIST_MEMBERS, COMMUNITY, facts=facts) == Decision(
        allowed=True, epoch=1
    )


def test_require_tells_a_member_why_they_are_refused(facts):
    with pytest.raises(AccessRefused) as refused:
        require(user_actor(MEMBER), Permission.GIVE_ROLE, COMMUNITY, facts=facts)

    assert refused.value.code == "permission.denied"


def test_require_shows_a_stranger_nothing_at_all(facts):
    with pytest.raises(NotFound) as absent:
        require(user_actor(STRANGER), Permission.VIEW_COMMUNITY, COMMUNITY, facts=facts)

    assert absent.value.data == {}


def test_require_asks_nobody_to_sign_in(facts):
    with pytest.raises(Unauthenticated):
        require(ANONYMOUS, Permission.VIEW_COMMUNITY, COMMUNITY, facts=facts)
