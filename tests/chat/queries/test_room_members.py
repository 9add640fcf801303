"""Who takes part in a room."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.constants import RoomMemberState
from chat.queries.room_members import list_room_members
from communities.constants import MembershipStatus
from kernel.pagination import PageRequest
from tests.factories.accounts import make_user
from tests.factories.chat import make_room, make_room_member
from tests.factories.communities import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(community):
    return {
        name: make_member(community, make_user(name), status=status)
        for name, status in [
            ("anna", MembershipStatus.ACTIVE),
            ("Bert", MembershipStatus.ACTIVE),
            ("cleo", MembershipStatus.ACTIVE),
            ("gone", MembershipStatus.REMOVED),
            ("banned", MembershipStatus.BANNED),
        ]
    }


def names(room, **options):
    page = options.pop("page", PageRequest())
    return [user.username for user in list_room_members(room, page=page, **options).items]


def test_everybody_but_the_removed_takes_part_in_an_open_room(community, people):
    room = make_room(community)
    make_room_member(room, people["cleo"].user, RoomMemberState.REMOVED)

    assert names(room) == ["anna", "Bert"]


def test_participants_alone_take_part_in_a_private_room(community, people):
    room = make_room(community, people["anna"].user, people["gone"].user, private=True)
    make_room_member(room, people["Bert"].user, RoomMemberState.REMOVED)
    from_before = make_room_member(room, people["cleo"].user)
    from_before.added_at = people["cleo"].joined_at - timedelta(seconds=1)
    from_before.save()

    assert names(room) == ["anna"]


def test_members_are_searched_sorted_and_cut_into_pages(community, people):
    room = make_room(community)

    first = list_room_members(room, page=PageRequest(limit=2))

    assert names(room, page=PageRequest(limit=2, cursor=first.next)) == ["cleo"]
    assert names(room, sort="-username") == ["cleo", "Bert", "anna"]
    assert names(room, search="ER") == ["Bert"]


def test_the_list_is_one_query(community, people, django_assert_num_queries):
    room = make_room(community)

    with django_assert_num_queries(1):
        names(room)
