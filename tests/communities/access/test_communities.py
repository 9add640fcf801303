"""Lists of communities: mine, and those that anyone may join."""

from __future__ import annotations

from datetime import timedelta

import pytest

from communities.access.communities import (
    get_my_community,
    list_communities_of,
    list_listed_communities,
    list_my_communities,
)
from communities.constants import CommunityVisibility, JoinPolicy, MembershipStatus
from communities.models import ApplicationForm, Membership
from kernel.clock import now
from kernel.ids import CommunityId, UserId
from kernel.pagination import PageRequest
from tests.factories.accounts import make_user
from tests.factories.communities import Rank, make_community, make_form, make_member, make_rules, role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user()


def mine(user, **options) -> list[str]:
    return [item.name for item in list_my_communities(UserId(user.pk), page=PageRequest(), **options).items]


def opened(user, **options) -> list[str]:
    return [item.name for item in list_listed_communities(UserId(user.pk), page=PageRequest(), **options).items]


def test_my_communities_are_those_that_i_am_a_member_of(user):
    for status in MembershipStatus:
        make_member(make_community(name=status), user, status=status, timed_out_until=now() + timedelta(hours=1))
    make_member(make_community(name="of another"))
    make_community(name="open", join_policy=JoinPolicy.OPEN)

    assert mine(user) == ["active", "timed_out"]


def test_the_communities_of_many_users_are_those_that_each_would_list_in_two_statements(
    user, django_assert_num_queries
):
    other, stranger = make_user(), make_user()
    for status in MembershipStatus:
        make_member(make_community(name=status), user, status=status, timed_out_until=now() + timedelta(hours=1))
    for name in ("b", "C", "a"):
        community = make_community(name=name)
        make_member(community, user, rank=Rank.MODERATOR)
        make_member(community, other)
    users = [UserId(one.pk) for one in (user, other, stranger)]
    with django_assert_num_queries(2):
        listed = list_communities_of(users, limit=100)
    assert listed == {one: list_my_communities(one, page=PageRequest()).items for one in users}
    assert [(item.is_member, item.my_roles) for item in listed[users[1]]] == [(True, ())] * 3
    assert list_communities_of(users, limit=2) == {one: listed[one][:2] for one in users}
    assert list_communities_of([], limit=2) == {}


def test_communities_are_sorted_by_name_in_any_case_or_by_age(user):
    for name in ("b", "C", "a"):
        make_member(make_community(name=name), user)

    assert mine(user) == ["a", "b", "C"]
    assert mine(user, sort="-name") == ["C", "b", "a"]
    assert mine(user, sort="created_at") == ["b", "C", "a"]
    assert mine(user, sort="-created_at") == ["a", "C", "b"]


@pytest.mark.parametrize(("search", "found"), [("PORT", ["Airport", "Two"]), ("%", []), ("_", []), ("port-2", ["Two"])])
def test_search_looks_in_name_and_slug_literally(user, search, found):
    make_member(make_community(name="Airport", slug="air"), user)
    make_member(make_community(name="Two", slug="port-2"), user)
    make_member(make_community(name="Three", slug="three"), user)

    assert mine(user, search=search) == found


def test_a_community_carries_my_roles_and_its_number_of_members(user, django_assert_num_queries):
    community = make_community()
    make_member(community, user, rank=Rank.MODERATOR)
    make_member(community)
    make_member(community, status=MembershipStatus.TIMED_OUT, timed_out_until=now())
    for status in (MembershipStatus.REMOVED, MembershipStatus.BANNED, MembershipStatus.APPLIED):
        make_member(community, status=status)

    with django_assert_num_queries(2):
        [item] = list_my_communities(UserId(user.pk), page=PageRequest()).items

    assert (item.id, item.my_roles, item.member_count) == (community.pk, (role_of(community, Rank.MODERATOR).pk,), 3)
    assert "member.remove" in item.my_permissions
    assert "community.manage" not in item.my_permissions
    assert get_my_community(CommunityId(community.pk), UserId(user.pk)) == item


def test_a_community_tells_whether_i_owe_its_rules_and_whether_its_newest_form_is_open(user):
    told = {}
    for name, versions in {"none": 0, "closed": 2, "open": 1}.items():
        community = make_community(name=name)
        member = make_member(community, user)
        Membership.objects.filter(pk=member.pk).update(rules_accepted=versions)
        for _ in range(versions):
            make_form(community)
        make_rules(community)
        told[name] = (versions < 1, name == "open")
    ApplicationForm.objects.filter(community__name="closed", number=2).update(closed_at=now())

    listed = list_my_communities(UserId(user.pk), page=PageRequest()).items

    assert {item.name: (item.owes_rules, item.takes_applications) for item in listed} == told
    assert list_communities_of([UserId(user.pk)], limit=3) == {user.pk: listed}
    assert get_my_community(listed[0].id, None).owes_rules is False


def test_who_is_no_member_has_no_role(user):
    community = make_community()
    make_member(community, user, rank=Rank.MODERATOR, status=MembershipStatus.REMOVED)

    for asking in (UserId(user.pk), None):
        seen = get_my_community(CommunityId(community.pk), asking)
        assert (seen.is_member, seen.is_owner, seen.my_roles, seen.my_permissions) == (False, False, (), ())


def test_listed_communities_are_found_by_anyone_but_who_is_banned_there(user):
    make_community(name="Open", join_policy=JoinPolicy.OPEN)
    make_community(name="Closed and listed", visibility=CommunityVisibility.LISTED)
    make_community(name="Unlisted", join_policy=JoinPolicy.OPEN, visibility=CommunityVisibility.UNLISTED)
    make_community(name="Secret", join_policy=JoinPolicy.OPEN, visibility=CommunityVisibility.SECRET)
    make_member(make_community(name="Joined", join_policy=JoinPolicy.OPEN), user)
    make_member(make_community(name="Left", join_policy=JoinPolicy.OPEN), user, status=MembershipStatus.REMOVED)
    make_member(make_community(name="Banned", join_policy=JoinPolicy.OPEN), user, status=MembershipStatus.BANNED)

    assert opened(user) == ["Closed and listed", "Joined", "Left", "Open"]
    assert opened(user, search="ann") == []
    assert "Banned" in opened(make_user())


def test_pages_go_on_where_the_last_one_ended(user):
    for name in ("a", "B", "c"):
        make_member(make_community(name=name), user)

    first = list_my_communities(UserId(user.pk), page=PageRequest(limit=2))
    second = list_my_communities(UserId(user.pk), page=PageRequest(limit=2, cursor=first.next))

    assert [item.name for item in first.items] == ["a", "B"]
    assert [item.name for item in second.items] == ["c"]
    assert second.next is None
