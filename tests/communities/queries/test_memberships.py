"""The list of members, and who counts as one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from communities.constants import MembershipStatus, Role
from communities.queries.memberships import is_last_owner, list_members, member_ids
from kernel.clock import now
from kernel.ids import CommunityId
from kernel.pagination import PageRequest
from tests.factories.accounts import make_user
from tests.factories.communities import make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community()


def names(community, **options) -> list[str]:
    page = list_members(CommunityId(community.pk), page=PageRequest(), **options)
    return [member.user.username for member in page.items]


def join(community, *usernames, **options) -> None:
    for username in usernames:
        make_member(community, make_user(username), **options)


def test_members_are_listed_in_the_order_that_they_joined_in(community, django_assert_num_queries):
    join(community, "zoe", "Abe")
    join(community, "mute", status=MembershipStatus.TIMED_OUT, timed_out_until=now() + timedelta(hours=1))
    join(make_community(), "other")

    with django_assert_num_queries(1):
        assert names(community) == ["zoe", "Abe", "mute"]
    assert names(community, sort="-joined_at") == ["mute", "Abe", "zoe"]
    assert names(community, sort="username") == ["Abe", "mute", "zoe"]


@pytest.mark.parametrize("status", [MembershipStatus.APPLIED, MembershipStatus.REMOVED, MembershipStatus.BANNED])
def test_who_is_no_member_is_not_listed(community, status):
    join(community, "gone", status=status)

    assert names(community) == []
    assert member_ids(CommunityId(community.pk)) == []


def test_members_are_filtered_by_role_and_by_either_name(community):
    join(community, "olga", role=Role.OWNER)
    make_member(community, make_user("m1", display_name="Olgierd"))
    join(community, "m2")

    assert names(community, role=Role.OWNER) == ["olga"]
    assert names(community, search="OLG") == ["olga", "m1"]
    assert names(community, search="OLG", role=Role.MEMBER) == ["m1"]
    assert names(community, search="%") == []


@pytest.mark.parametrize(
    ("left", "status"), [(timedelta(hours=1), MembershipStatus.TIMED_OUT), (timedelta(0), MembershipStatus.ACTIVE)]
)
def test_a_time_out_is_shown_until_it_ends(community, left, status):
    until = now() + left
    make_member(community, status=MembershipStatus.TIMED_OUT, timed_out_until=until)

    [member] = list_members(CommunityId(community.pk), page=PageRequest()).items

    assert (member.status, member.timed_out_until) == (status, until if left else None)


def test_an_owner_is_the_last_one_when_no_other_is_a_current_member(community):
    owner = make_member(community, role=Role.OWNER)
    make_member(community, role=Role.OWNER, status=MembershipStatus.REMOVED)
    make_member(make_community(), role=Role.OWNER)
    assert is_last_owner(owner)

    other = make_member(community, role=Role.OWNER)
    assert not is_last_owner(owner)
    assert not is_last_owner(other)


def test_who_is_no_owner_is_not_the_last_one(community):
    assert not is_last_owner(make_member(community, role=Role.MODERATOR))
