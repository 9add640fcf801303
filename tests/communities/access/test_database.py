"""Facts from the database: the right ones for each question, in at most two queries however many questions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import UNSET

from chat.constants import ChatPermission
from communities.access import (
    MembershipFacts,
    Participation,
    Question,
    Resource,
    community_resource,
    community_to_guest,
    database_facts,
    decide_many,
    load_memberships,
    register_participation_source,
)
from communities.access import participation as participation_module
from communities.constants import CommunityVisibility, JoinPolicy, MembershipStatus, Permission
from kernel.actor import ANONYMOUS, user_actor
from kernel.clock import now
from kernel.ids import CommunityId, RoleId, UserId, uuid7
from tests.factories.accounts import make_user
from tests.factories.communities import Rank, acting, hold, make_community, make_member, make_role, role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaders(monkeypatch):
    """An empty registry of participation sources for the test's own."""
    monkeypatch.setattr(participation_module, "_sources", {})


def thing_of(community, *, kind="thing") -> Resource:
    return Resource(CommunityId(community.pk), kind, uuid7(), "private")


def ask(actor, resource) -> Question:
    return Question(actor, Permission.VIEW_COMMUNITY, resource)


def test_a_member_is_known_with_roles_status_time_out_and_epoch(django_assert_num_queries):
    until = now() + timedelta(hours=1)
    member = make_member(
        make_community(), rank=Rank.MODERATOR, status=MembershipStatus.TIMED_OUT, timed_out_until=until
    )

    with django_assert_num_queries(1):
        [facts] = database_facts.load([ask(acting(member), community_resource(member.community))])

    assert (facts.signed_in, facts.account_active) == (True, True)
    member_role, moderator_role = (role_of(member.community, rank) for rank in (Rank.MEMBER, Rank.MODERATOR))
    assert facts.membership == MembershipFacts(
        user_id=UserId(member.user_id),
        status=MembershipStatus.TIMED_OUT,
        timed_out_until=until,
        access_epoch=1,
        joined_at=member.joined_at,
        position=1,
        role_ids=(RoleId(moderator_role.pk), RoleId(member_role.pk)),
        permissions=frozenset([*member_role.permissions, *moderator_role.permissions]),
    )
    assert facts.participation is None


@pytest.mark.parametrize("amount", [1, 12])
def test_what_several_roles_give_is_put_together_and_the_highest_counts(amount):
    member = make_member(make_community())
    make_role(member.community, "room.manage", position=90)
    for number in range(amount):
        hold(member, make_role(member.community, f"thing.{number}", "message.read", position=10 + number))

    [facts] = database_facts.load([ask(acting(member), community_resource(member.community))])

    default = role_of(member.community, Rank.MEMBER).permissions
    assert facts.membership.position == facts.membership.rank == 9 + amount
    assert facts.membership.permissions == {*default, *(f"thing.{number}" for number in range(amount))}
    assert len(facts.membership.role_ids) == amount + 1


def test_an_owner_stands_above_every_role_and_a_guest_is_known_as_one():
    owner = make_member(make_community(), rank=Rank.OWNER)
    guest = make_member(owner.community, is_guest=True)

    known = load_memberships(CommunityId(owner.community_id), [UserId(owner.user_id), UserId(guest.user_id)])

    assert (known[owner.user_id].is_owner, known[owner.user_id].rank > 32_767) == (True, True)
    assert (known[guest.user_id].is_guest, known[guest.user_id].rank) == (True, 0)


def test_who_is_no_member_is_known_to_be_none_even_as_a_member_of_another_community():
    elsewhere = make_member(make_community())
    here = make_community()

    facts = database_facts.load(
        [
            ask(acting(elsewhere), community_resource(here)),
            ask(acting(elsewhere), community_resource(elsewhere.community)),
        ]
    )

    assert facts[0].membership is None
    assert (facts[1].membership.status, facts[1].membership.rank) == (MembershipStatus.ACTIVE, 0)


def test_an_account_that_is_gone_or_deactivated_is_not_active():
    inactive = make_member(make_community())
    inactive.user.is_active = False
    inactive.user.save()
    resource = community_resource(inactive.community)

    facts = database_facts.load([ask(acting(inactive), resource), ask(user_actor(UserId(uuid7())), resource)])

    assert [known.account_active for known in facts] == [False, False]


def test_nobody_costs_no_query(django_assert_num_queries):
    resource = community_resource(make_community())

    with django_assert_num_queries(0):
        [facts] = database_facts.load([ask(ANONYMOUS, resource)])

    assert (facts.signed_in, facts.account_active, facts.membership) == (False, UNSET, UNSET)


def everybody_takes_part_in(thing) -> str:
    return f"SELECT resource_id, user_id, 'member' FROM things WHERE resource_id = '{thing.id}'"


def test_participation_comes_from_the_source_of_the_resources_kind(loaders):
    member = make_member(make_community())
    thing, other_thing = thing_of(member.community), thing_of(member.community)
    register_participation_source("thing", everybody_takes_part_in(thing))

    facts = database_facts.load([ask(acting(member), thing), ask(acting(member), other_thing)])

    assert [known.participation for known in facts] == [Participation.MEMBER, None]


def test_participation_without_a_source_is_unknown(loaders):
    member = make_member(make_community())

    [facts] = database_facts.load([ask(acting(member), thing_of(member.community))])

    assert facts.participation is UNSET


def test_a_kind_has_one_participation_source(loaders):
    register_participation_source("thing", "SELECT 1")

    with pytest.raises(RuntimeError, match="two participation sources"):
        register_participation_source("thing", "SELECT 2")


@pytest.mark.parametrize("amount", [1, 20])
def test_many_users_of_a_thing_cost_two_queries(loaders, django_assert_num_queries, amount):
    community = make_community()
    members = [UserId(make_member(community).user_id) for _ in range(amount)]
    strangers = [UserId(make_user().pk) for _ in range(amount)]
    thing = thing_of(community)
    register_participation_source("thing", everybody_takes_part_in(thing))

    with django_assert_num_queries(2):
        decisions = decide_many([*members, *strangers], ChatPermission.READ_MESSAGES, thing)

    assert [decisions[user_id].allowed for user_id in members] == [True] * amount
    assert [decisions[user_id].visible for user_id in strangers] == [False] * amount


@pytest.mark.parametrize(
    ("visibility", "shown"), list(zip(CommunityVisibility, ("public", "public", "community"), strict=True))
)
@pytest.mark.parametrize("join_policy", JoinPolicy)
def test_all_but_a_secret_community_have_a_public_card(join_policy, visibility, shown):
    community = make_community(join_policy=join_policy, visibility=visibility)

    assert community_resource(community).visibility == shown
    assert community_to_guest(community).visibility == "public"
