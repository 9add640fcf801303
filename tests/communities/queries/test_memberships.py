"""The list of members, and who counts as one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from communities.constants import MembershipStatus
from communities.queries.memberships import list_members, member_ids
from kernel.clock import now
from kernel.ids import CommunityId, RoleId
from kernel.pagination import PageRequest
from tests.factories.accounts import make_user
from tests.factories.communities import Rank, hold, make_community, make_member, make_role

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

    with django_assert_num_queries(2):
        assert names(community) == ["zoe", "Abe", "mute"]
    assert names(community, sort="-joined_at") == ["mute", "Abe", "zoe"]
    assert names(community, sort="username") == ["Abe", "mute", "zoe"]


@pytest.mark.parametrize("status", [MembershipStatus.APPLIED, MembershipStatus.REMOVED, MembershipStatus.BANNED])
def test_who_is_no_member_is_not_listed(community, status):
    join(community, "gone", status=status)

    assert names(community) == []
    assert member_ids(CommunityId(community.pk)) == []


def test_members_are_filtered_by_role_and_by_either_name(community):
    pilots, other = make_role(community), make_role(community, name="Cooks", position=6)
    join(community, "olga", rank=Rank.OWNER)
    pilot = make_member(community, make_user("m1", display_name="Olgierd"))
    hold(pilot, pilots)
    join(community, "m2")

    assert names(community, role=RoleId(pilots.pk)) == ["m1"]
    assert names(community, search="OLG") == ["olga", "m1"]
    assert names(community, search="OLG", role=RoleId(pilots.pk)) == ["m1"]
    assert names(community, role=RoleId(other.pk)) == []
    assert names(community, search="%") == []


@pytest.mark.parametrize(
    ("left", "status"), [(timedelta(hours=1), MembershipStatus.TIMED_OUT), (timedelta(0), MembershipStatus.ACTIVE)]
)
def test_a_time_out_is_shown_until_it_ends(community, left, status):
    until = now() + left
    make_member(community, status=MembershipStatus.TIMED_OUT, timed_out_until=until)

    [member] = list_members(CommunityId(community.pk), page=PageRequest()).items

    assert (member.status, member.timed_out_until) == (status, until if left else None)
