"""The list of rooms: which ones a user sees, what is unread in each, in a constant number of queries."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.actions.messages import delete_message
from chat.actions.read_markers import mark_read
from chat.actions.rooms import open_direct_room
from chat.constants import RoomKind, RoomMemberState
from chat.events import ExcerptPayload
from chat.models import Message
from chat.policies import list_rooms_for
from communities.constants import MembershipStatus
from kernel.actor import ANONYMOUS
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, MessageId, RoomId, UserId
from kernel.pagination import PageRequest
from tests.factories.chat import make_room, make_room_member, post
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db


def rooms_of(member, *, limit=100, cursor=None, **options):
    page = PageRequest(limit=limit, cursor=cursor)
    return list_rooms_for(acting(member), CommunityId(member.community_id), page=page, **options)


def names(page):
    return [room.name for room in page.items]


def test_a_member_sees_open_rooms_and_private_ones_they_take_part_in(community, member):
    other = make_member(community, rank=Rank.OWNER)
    make_room(community, name="Harbour")
    make_room(community, member.user, name="Crew", private=True)
    make_room(community, other.user, name="Owners", private=True)
    closed = make_room(community, name="Closed to me")
    make_room_member(closed, member.user, RoomMemberState.REMOVED)
    make_room(make_community(), name="Elsewhere")

    assert names(rooms_of(member)) == ["Harbour", "Crew"]
    assert names(rooms_of(other)) == ["Harbour", "Owners", "Closed to me"]


def test_each_room_tells_what_is_unread_and_said_last(community, member):
    room, other = make_room(community), make_member(community)
    post(other, room, "Read already")
    mark_read(acting(member), room_id=RoomId(room.pk), seq=2)
    post(member, room, "My own")
    post(other, room, "New")
    taken_back = post(other, room, "Taken back")
    last = post(other, room, "y" * 200)
    delete_message(acting(other), message_id=MessageId(taken_back.id))

    (shown,) = rooms_of(member).items

    assert (shown.unread, shown.read_seq, shown.head_seq) == (2, 2, 7)
    assert shown.last_message == ExcerptPayload(
        id=last.id, seq=last.seq, author=last.author, excerpt="y" * 140, created_at=last.created_at
    )


def test_a_room_without_messages_has_nothing_unread(community, member):
    make_room(community)

    (shown,) = rooms_of(member).items

    assert (shown.unread, shown.read_seq, shown.head_seq, shown.last_message) == (0, 0, 1, None)


def test_unread_is_counted_up_to_a_hundred(community, member):
    room, other = make_room(community), make_member(community)
    Message.objects.bulk_create(
        Message(room=room, community=community, author=other.user, body="x", seq=seq, nonce=f"n{seq}")
        for seq in range(2, 202)
    )

    assert rooms_of(member).items[0].unread == 100


def test_a_direct_room_names_its_two_people(community, member):
    other = make_member(community)
    open_direct_room(acting(member), community_id=CommunityId(community.pk), user_id=UserId(other.user_id))

    (shown,) = rooms_of(member, kind=RoomKind.DIRECT).items

    assert {user.id for user in shown.participants} == {member.user_id, other.user_id}
    assert rooms_of(member, kind=RoomKind.TEXT).items == []


def test_archived_rooms_are_a_list_of_their_own(community, member):
    make_room(community, name="Open")
    old = make_room(community, name="Old")
    old.archived_at = now()
    old.save()

    assert (names(rooms_of(member)), names(rooms_of(member, archived=True))) == (["Open"], ["Old"])


def test_rooms_are_searched_sorted_and_cut_into_pages(community, member):
    for name in ("delta", "Alpha", "charlie", "Bravo"):
        make_room(community, name=name)

    first = rooms_of(member, sort="name", limit=3)

    assert names(first) == ["Alpha", "Bravo", "charlie"]
    assert names(rooms_of(member, sort="name", limit=3, cursor=first.next)) == ["delta"]
    assert names(rooms_of(member, sort="-created_at")) == ["Bravo", "charlie", "Alpha", "delta"]
    assert names(rooms_of(member, search="A", sort="name")) == ["Alpha", "Bravo", "charlie", "delta"]
    assert names(rooms_of(member, search="RAV")) == ["Bravo"]
    with pytest.raises(InvalidInput):
        rooms_of(member, sort="topic_line")


@pytest.mark.parametrize("status", [MembershipStatus.APPLIED, MembershipStatus.REMOVED, MembershipStatus.BANNED])
def test_who_is_not_a_member_sees_no_list(community, status):
    make_room(community)
    outsider = make_member(community, status=status)

    with pytest.raises(NotFound):
        rooms_of(outsider)
    with pytest.raises(Unauthenticated):
        list_rooms_for(ANONYMOUS, CommunityId(community.pk), page=PageRequest())


def queries_of(member) -> int:
    with CaptureQueriesContext(connection) as captured:
        rooms_of(member)
    return len(captured)


def test_a_long_list_takes_as_many_queries_as_a_short_one(community, member):
    others = [make_member(community) for _ in range(5)]

    def fill():
        for other in others:
            post(other, make_room(community))
            post(member, make_room(community, member.user, private=True))

    open_direct_room(acting(member), community_id=CommunityId(community.pk), user_id=UserId(others[0].user_id))
    fill()
    few = queries_of(member)
    for other in others[1:]:
        open_direct_room(acting(member), community_id=CommunityId(community.pk), user_id=UserId(other.user_id))
    fill()

    assert queries_of(member) == few == 9
