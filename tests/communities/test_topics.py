"""Who may follow `community:<id>`: members, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from communities.constants import JoinPolicy, MembershipStatus
from eventlog.topics import authorise_follow, authorise_follows, topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import uuid7
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import acting, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", [MembershipStatus.ACTIVE, MembershipStatus.TIMED_OUT])
def test_a_member_may_follow_their_community(status):
    member = make_member(make_community(), status=status, timed_out_until=now() + timedelta(hours=1))

    authorise_follow(acting(member), topic_for("community", member.community_id))


@pytest.mark.parametrize("status", [MembershipStatus.APPLIED, MembershipStatus.REMOVED, MembershipStatus.BANNED])
def test_who_is_no_member_finds_no_topic(status):
    member = make_member(make_community(join_policy=JoinPolicy.OPEN), status=status)

    with pytest.raises(NotFound):
        authorise_follow(acting(member), topic_for("community", member.community_id))


def test_the_topic_of_an_open_community_is_for_members_only():
    community = make_community(join_policy=JoinPolicy.OPEN)

    for object_id in (community.pk, uuid7()):
        with pytest.raises(NotFound):
            authorise_follow(actor_for(make_user()), topic_for("community", object_id))


def test_nobody_follows_nothing():
    with pytest.raises(Unauthenticated):
        authorise_follow(ANONYMOUS, topic_for("community", make_community().pk))


def test_many_questions_about_communities_are_answered_like_single_ones_with_two_queries(django_assert_num_queries):
    members = [make_member(make_community()) for _ in range(3)]
    topics = [*(topic_for("community", member.community_id) for member in members), topic_for("community", uuid7())]
    asked = [(actor, topic) for actor in [*map(acting, members), ANONYMOUS, SYSTEM] for topic in topics]
    single = [authorise_follows([question])[0] for question in asked]
    with django_assert_num_queries(2):
        together = authorise_follows(asked)
    assert [type(answer) for answer in together] == [type(answer) for answer in single]
    assert [answer is None for answer in together].count(True) == 6  # each member their own, the system all three
