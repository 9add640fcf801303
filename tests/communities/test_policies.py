"""Loaders that authorise, and the question the other way round: who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from communities.constants import JoinPolicy, MembershipStatus, Permission
from communities.policies import get_community_for, members_visible_to, users_who_may
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import CommunityId, UserId, uuid7
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db


def test_a_member_gets_the_community_in_two_queries(django_assert_num_queries):
    member = make_member(make_community())

    with django_assert_num_queries(2):
        community = get_community_for(acting(member), CommunityId(member.community_id), Permission.VIEW_COMMUNITY)

    assert community == member.community


def test_the_system_gets_every_community():
    community = make_community()

    assert get_community_for(SYSTEM, CommunityId(community.pk), Permission.MANAGE_COMMUNITY) == community


def test_a_stranger_gets_the_card_of_an_open_community_and_nothing_else():
    community_id = CommunityId(make_community(join_policy=JoinPolicy.OPEN).pk)
    stranger = actor_for(make_user())

    assert get_community_for(stranger, community_id, Permission.VIEW_CARD).pk == community_id
    for permission in set(Permission) - {Permission.VIEW_CARD}:
        with pytest.raises(NotFound):
            get_community_for(stranger, community_id, permission)


@pytest.mark.parametrize("permission", Permission)
def test_absent_closed_and_forbidden_look_alike_to_who_is_not_in(permission):
    closed, open_ = make_community(), make_community(join_policy=JoinPolicy.OPEN)
    banned = make_user()
    for community in (closed, open_):
        make_member(community, banned, status=MembershipStatus.BANNED)

    refusals = []
    for community_id in (closed.pk, open_.pk, uuid7()):
        with pytest.raises(NotFound) as absent:
            get_community_for(actor_for(banned), CommunityId(community_id), permission)
        refusals.append((absent.value.code, absent.value.text, absent.value.data))

    assert refusals == [refusals[0]] * 3


@pytest.mark.parametrize("exists", [True, False])
def test_nobody_is_asked_to_sign_in_whether_there_is_a_community_or_not(exists, django_assert_num_queries):
    community_id = CommunityId(make_community(join_policy=JoinPolicy.OPEN).pk if exists else uuid7())

    with django_assert_num_queries(0), pytest.raises(Unauthenticated):
        get_community_for(ANONYMOUS, community_id, Permission.VIEW_CARD)


def test_a_member_without_the_permission_is_told_so():
    member = make_member(make_community())

    with pytest.raises(AccessRefused):
        get_community_for(acting(member), CommunityId(member.community_id), Permission.MANAGE_COMMUNITY)


@pytest.mark.parametrize("amount", [1, 20])
def test_who_may_is_answered_in_two_queries_for_any_number_of_members(django_assert_num_queries, amount):
    community = make_community()
    owner = make_member(community, rank=Rank.OWNER)
    moderators = [make_member(community, rank=Rank.MODERATOR) for _ in range(amount)]
    for _ in range(amount):
        make_member(community)
    make_member(community, rank=Rank.MODERATOR, status=MembershipStatus.BANNED)
    make_member(
        community,
        rank=Rank.MODERATOR,
        status=MembershipStatus.TIMED_OUT,
        timed_out_until=now() + timedelta(hours=1),
    )

    with django_assert_num_queries(2):
        assert users_who_may(Permission.REMOVE_MEMBER, community) == {member.user_id for member in (owner, *moderators)}


def test_members_see_current_members_and_nobody_else_sees_anybody(django_assert_num_queries):
    first, second = make_community(), make_community(join_policy=JoinPolicy.OPEN)
    viewer, other = make_member(first), make_member(first)
    timed_out = make_member(first, status=MembershipStatus.TIMED_OUT, timed_out_until=now() + timedelta(hours=1))
    hidden = [make_member(first, status=status) for status in ("removed", "banned", "applied")]
    elsewhere = make_member(second)
    everybody = [UserId(row.user_id) for row in (viewer, other, timed_out, *hidden, elsewhere)]
    place, open_place, absent = CommunityId(first.pk), CommunityId(second.pk), CommunityId(uuid7())

    with django_assert_num_queries(3):
        answers = members_visible_to(
            [
                (acting(viewer), place, everybody),
                (acting(viewer), open_place, everybody),
                (acting(viewer), absent, everybody),
                (acting(hidden[0]), place, everybody),
                (acting(elsewhere), open_place, everybody),
                (acting(elsewhere), open_place, []),
                (ANONYMOUS, place, everybody),
            ]
        )

    assert answers[0] == {viewer.user_id, other.user_id, timed_out.user_id}
    assert answers[4:6] == [{elsewhere.user_id}, set()]
    assert [type(answer) for answer in (*answers[1:4], answers[6])] == [NotFound] * 4
