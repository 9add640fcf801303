"""Opening, changing and archiving rooms: who may, who is told, and what a refusal leaves as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.actions.rooms import archive_room, create_room, open_direct_room, update_room
from chat.constants import RoomKind, RoomMemberState, RoomVisibility
from chat.errors import RoomIsArchived, RoomIsDirect
from chat.events import RoomArchived, RoomCreated, RoomJoined, RoomsChanged, RoomUpdated
from chat.models import Room, RoomMember
from communities.constants import MembershipStatus
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, RoomId, UserId, uuid7
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.chat import make_room, room_topic
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


@pytest.fixture
def community_id(community):
    return CommunityId(community.pk)


def told(kind, object_id):
    return [event for _, _, event in events_of(topic_for(kind, object_id))]


def test_a_moderator_opens_a_room_and_the_community_is_told(community, community_id, moderator):
    room = create_room(acting(moderator), community_id=community_id, name=" Harbour ", topic_line="Boats, tides")

    assert (room.name, room.topic_line, room.kind, room.visibility) == (
        "Harbour",
        "Boats, tides",
        RoomKind.TEXT,
        RoomVisibility.COMMUNITY,
    )
    assert told("room", room.id) == [RoomCreated(room=room)]
    assert told("community", community.pk) == [RoomsChanged()]
    assert told("user", moderator.user_id) == []


def test_a_private_room_begins_with_who_opened_it_and_is_told_to_nobody_else(community, community_id, moderator):
    room = create_room(acting(moderator), community_id=community_id, name="Crew", visibility=RoomVisibility.PRIVATE)

    assert told("room", room.id) == [RoomCreated(room=room)]
    assert told("user", moderator.user_id) == [RoomJoined(room=room.id, community=community.pk)]
    assert told("community", community.pk) == []
    assert list(RoomMember.objects.values_list("user_id", "state")) == [(moderator.user_id, RoomMemberState.MEMBER)]


def test_the_system_opens_rooms_too(community_id):
    assert create_room(SYSTEM, community_id=community_id, name="Harbour").name == "Harbour"


def test_a_member_opens_no_room(community_id, member, untouched):
    with untouched(), pytest.raises(AccessRefused):
        create_room(acting(member), community_id=community_id, name="Harbour")


def test_a_stranger_opens_no_room_and_learns_nothing(community_id, untouched):
    stranger = make_member(make_community(), rank=Rank.OWNER)

    with untouched():
        with pytest.raises(NotFound):
            create_room(acting(stranger), community_id=community_id, name="Harbour")
        with pytest.raises(NotFound):
            create_room(acting(stranger), community_id=CommunityId(uuid7()), name="Harbour")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "\u202egnp.exe"}, "name"),
        ({"name": "fine", "topic_line": "x" * 251}, "topic_line"),
        ({"name": "fine", "topic_line": "a\0"}, "topic_line"),
    ],
)
def test_names_that_cannot_be_shown_are_refused_with_their_field(community_id, moderator, untouched, fields, field):
    with untouched(), pytest.raises(InvalidInput) as refused:
        create_room(acting(moderator), community_id=community_id, **fields)

    assert refused.value.data == {"field": field}


def test_a_moderator_changes_what_is_given_and_the_community_is_told(community, moderator, replayed):
    room = make_room(community, name="Harbour")

    with replayed(room):
        changed = update_room(acting(moderator), room_id=RoomId(room.pk), topic_line="High water at nine")

    assert (changed.name, changed.topic_line) == ("Harbour", "High water at nine")
    assert told("room", room.pk)[1:] == [RoomUpdated(room=changed)]
    assert told("community", community.pk) == []


def test_a_change_of_a_private_room_is_not_told_to_the_community(community, moderator, replayed):
    room = make_room(community, moderator.user, private=True)

    with replayed(room):
        update_room(acting(moderator), room_id=RoomId(room.pk), name="Crew")

    assert told("community", community.pk) == []


def test_a_change_to_the_same_tells_nothing(community, moderator, untouched):
    room = make_room(community, name="Harbour")

    with untouched():
        update_room(acting(moderator), room_id=RoomId(room.pk), name="Harbour")
        update_room(acting(moderator), room_id=RoomId(room.pk))


def test_archiving_is_told_and_done_once(community, moderator, replayed, untouched):
    room = make_room(community)

    with replayed(room):
        archived = archive_room(acting(moderator), room_id=RoomId(room.pk))

    assert archived.archived_at is not None
    assert told("room", room.pk)[1:] == [RoomArchived(room=archived)]
    assert told("community", community.pk) == []
    with untouched():
        with pytest.raises(RoomIsArchived):
            archive_room(acting(moderator), room_id=RoomId(room.pk))
        with pytest.raises(RoomIsArchived):
            update_room(acting(moderator), room_id=RoomId(room.pk), name="Other")


ACTS = [archive_room, lambda actor, room_id: update_room(actor, room_id=room_id, name="Other")]


@pytest.mark.parametrize("act", ACTS, ids=["archive", "update"])
def test_only_moderators_who_see_a_room_change_it(community, member, untouched, act):
    room, private = make_room(community), make_room(community, member.user, private=True)
    owner = make_member(community, rank=Rank.OWNER)

    with untouched():
        with pytest.raises(AccessRefused):
            act(acting(member), room_id=RoomId(room.pk))
        with pytest.raises(AccessRefused):
            act(acting(member), room_id=RoomId(private.pk))
        with pytest.raises(NotFound):
            act(acting(owner), room_id=RoomId(private.pk))
        with pytest.raises(NotFound):
            act(acting(owner), room_id=RoomId(uuid7()))
        with pytest.raises(Unauthenticated):
            act(ANONYMOUS, room_id=RoomId(room.pk))


def open_direct(one, other):
    return open_direct_room(acting(one), community_id=CommunityId(one.community_id), user_id=UserId(other.user_id))


def test_two_members_have_one_direct_room_whoever_opens_it(community, member):
    other = make_member(community)

    room = open_direct(member, other)

    assert open_direct(other, member) == room
    assert (room.kind, room.visibility, room.name) == (RoomKind.DIRECT, RoomVisibility.PRIVATE, "")
    assert {user.id for user in room.participants} == {member.user_id, other.user_id}
    assert told("room", room.id) == [RoomCreated(room=room)]
    assert (
        told("user", member.user_id)
        == told("user", other.user_id)
        == [RoomJoined(room=room.id, community=community.pk)]
    )
    assert told("community", community.pk) == []


def test_opening_a_direct_room_again_changes_nothing(community, member, untouched):
    other = make_member(community)
    open_direct(member, other)

    with untouched():
        open_direct(member, other)


def test_who_came_back_to_the_community_takes_part_again(community, member):
    other = make_member(community)
    room = open_direct(member, other)
    other.joined_at = now() + timedelta(milliseconds=1)
    other.save()

    assert open_direct(member, other) == room
    assert told("user", other.user_id) == [RoomJoined(room=room.id, community=community.pk)] * 2
    assert told("user", member.user_id) == [RoomJoined(room=room.id, community=community.pk)]


def test_a_direct_room_needs_another_who_is_a_member(community, member, untouched):
    banned = make_member(community, status=MembershipStatus.BANNED)
    stranger = make_member(make_community())

    with untouched():
        with pytest.raises(InvalidInput):
            open_direct(member, member)
        for other in (banned, stranger):
            with pytest.raises(NotFound):
                open_direct(member, other)
        with pytest.raises(NotFound):
            open_direct_room(acting(stranger), community_id=CommunityId(community.pk), user_id=UserId(member.user_id))


@pytest.mark.parametrize("act", ACTS, ids=["archive", "update"])
def test_a_direct_room_is_not_changed_like_a_room(community, moderator, member, untouched, act):
    room = open_direct(moderator, member)

    with untouched(), pytest.raises(RoomIsDirect):
        act(acting(moderator), room_id=RoomId(room.id))


@pytest.mark.django_db(transaction=True)
def test_two_who_open_the_same_conversation_at_once_find_each_other(community, member):
    other = make_member(community)

    first, second = at_once(lambda: open_direct(member, other), lambda: open_direct(other, member))

    assert first == second
    assert Room.objects.count() == 1
    assert len(events_of(room_topic(Room.objects.get()))) == 1
