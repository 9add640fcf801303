"""Letting people into private rooms and taking rooms away from them: at once, for good, and told to the right people alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.payloads import user_payload
from chat.actions.room_members import (
    add_room_member,
    leave_room,
    remove_room_member,
    unchecked_end_participations,
)
from chat.actions.rooms import open_direct_room
from chat.constants import ChatPermission, RoomMemberState
from chat.errors import RoomIsArchived, RoomIsDirect
from chat.events import RoomJoined, RoomLeft, RoomMemberAdded, RoomMemberRemoved
from chat.models import RoomMember
from chat.policies import get_room_for
from communities.actions.memberships import add_members, remove_member
from communities.constants import MembershipStatus
from communities.errors import EqualOrHigherRole
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import Forbidden, NotFound, Unauthenticated
from kernel.ids import CommunityId, RoomId, UserId, uuid7
from tests.event_log import events_of
from tests.factories.chat import make_room, make_room_member, post, room_topic
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


@pytest.fixture
def private(community, moderator):
    return make_room(community, moderator.user, private=True)


def add(actor, room, target):
    add_room_member(actor, room_id=RoomId(room.pk), user_id=UserId(target.user_id))


def remove(actor, room, target):
    remove_room_member(actor, room_id=RoomId(room.pk), user_id=UserId(target.user_id))


def told(topic, after=0):
    return [event for _, _, event in events_of(topic, after=after)]


def of_user(membership):
    return topic_for("user", membership.user_id)


def can_read(membership, room) -> bool:
    try:
        get_room_for(acting(membership), RoomId(room.pk), ChatPermission.READ_MESSAGES)
    except NotFound:
        return False
    return True


def test_a_moderator_lets_a_member_into_a_private_room(private, moderator, member, replayed):
    assert not can_read(member, private)

    with replayed(private):
        add(acting(moderator), private, member)

    assert can_read(member, private)
    assert told(room_topic(private), after=1) == [RoomMemberAdded(user=user_payload(member.user))]
    assert told(of_user(member)) == [RoomJoined(room=private.pk, community=private.community_id)]


def test_adding_who_takes_part_already_changes_nothing(private, community, moderator, member, untouched):
    add(acting(moderator), private, member)
    open_to_all = make_room(community)

    with untouched():
        add(acting(moderator), private, member)
        add(acting(moderator), open_to_all, member)


def test_a_removed_member_loses_the_room_before_anything_else_is_told(community, moderator, member, replayed):
    room = make_room(community)

    with replayed(room):
        remove(acting(moderator), room, member)

    assert not can_read(member, room)
    assert told(room_topic(room), after=1) == [
        AccessRevoked(user=member.user_id),
        RoomMemberRemoved(user=member.user_id),
    ]
    assert told(of_user(member)) == [RoomLeft(room=room.pk)]


def test_who_was_removed_from_an_open_room_comes_back_only_when_let_in(community, moderator, member, replayed):
    room = make_room(community)
    remove(acting(moderator), room, member)

    with pytest.raises(NotFound):
        post(member, room)
    with replayed(room):
        add(acting(moderator), room, member)

    assert can_read(member, room)
    assert post(member, room).body == "Ahoy"


def test_a_participant_of_a_private_room_is_removed(private, moderator, member, replayed):
    make_room_member(private, member.user)

    with replayed(private):
        remove(acting(moderator), private, member)

    assert not can_read(member, private)
    assert RoomMember.objects.get(user=member.user).state == RoomMemberState.REMOVED


def test_who_does_not_take_part_cannot_be_removed(private, moderator, member, untouched):
    with untouched(), pytest.raises(NotFound):
        remove(acting(moderator), private, member)


@pytest.mark.parametrize("rank", [Rank.MODERATOR, Rank.ADMINISTRATOR, Rank.OWNER])
def test_nobody_is_removed_by_who_stands_as_high_or_lower(community, moderator, untouched, rank):
    room, target = make_room(community), make_member(community, rank=rank)

    with untouched(), pytest.raises(EqualOrHigherRole):
        remove(acting(moderator), room, target)


def test_the_system_removes_anybody(community, replayed):
    room, owner = make_room(community), make_member(community, rank=Rank.OWNER)

    with replayed(room):
        remove(SYSTEM, room, owner)

    assert not can_read(owner, room)


@pytest.mark.parametrize("act", [add, remove])
def test_only_moderators_who_see_a_room_let_in_and_remove(community, private, member, untouched, act):
    room, target = make_room(community), make_member(community)
    owner = make_member(community, rank=Rank.OWNER)
    stranger = make_member(make_community(), rank=Rank.OWNER)

    with untouched():
        with pytest.raises(AccessRefused):
            act(acting(member), room, target)
        for actor in (member, owner, stranger):
            with pytest.raises(NotFound):
                act(acting(actor), private, target)
        with pytest.raises(Unauthenticated):
            act(ANONYMOUS, room, target)


@pytest.mark.parametrize("status", [MembershipStatus.APPLIED, MembershipStatus.REMOVED, MembershipStatus.BANNED])
def test_who_is_not_a_member_of_the_community_is_not_let_in(private, community, moderator, untouched, status):
    outsider = make_member(community, status=status)

    with untouched(), pytest.raises(NotFound):
        add(acting(moderator), private, outsider)


def test_an_archived_room_keeps_its_people(private, moderator, member, untouched):
    make_room_member(private, member.user)
    private.archived_at = now()
    private.save()

    with untouched():
        with pytest.raises(RoomIsArchived):
            add(acting(moderator), private, member)
        with pytest.raises(RoomIsArchived):
            remove(acting(moderator), private, member)
        with pytest.raises(RoomIsArchived):
            leave_room(acting(member), room_id=RoomId(private.pk))


def test_a_direct_room_keeps_its_two_people(community, moderator, member, untouched):
    room_id = open_direct_room(
        acting(moderator), community_id=CommunityId(community.pk), user_id=UserId(member.user_id)
    ).id

    with untouched():
        for act in (add_room_member, remove_room_member):
            with pytest.raises(RoomIsDirect):
                act(acting(moderator), room_id=RoomId(room_id), user_id=UserId(member.user_id))
        with pytest.raises(RoomIsDirect):
            leave_room(acting(member), room_id=RoomId(room_id))


def test_a_participant_leaves_a_private_room(private, member, replayed):
    make_room_member(private, member.user)

    with replayed(private):
        leave_room(acting(member), room_id=RoomId(private.pk))

    assert not can_read(member, private)
    assert told(room_topic(private), after=1)[0] == AccessRevoked(user=member.user_id)


def test_nobody_leaves_a_room_of_the_whole_community(community, member, untouched):
    room = make_room(community)

    with untouched():
        with pytest.raises(Forbidden):
            leave_room(acting(member), room_id=RoomId(room.pk))
        with pytest.raises(NotFound):
            leave_room(acting(member), room_id=RoomId(uuid7()))
        with pytest.raises(Unauthenticated):
            leave_room(ANONYMOUS, room_id=RoomId(room.pk))


def leave_and_come_back(community, member):
    community_id, user_id = CommunityId(community.pk), UserId(member.user_id)
    remove_member(SYSTEM, community_id=community_id, user_id=user_id)
    add_members(SYSTEM, community_id=community_id, user_ids=[user_id])


def test_a_removal_from_the_community_revokes_every_room_that_was_readable(community, private, member):
    room, closed = make_room(community), make_room(community)
    make_room_member(closed, member.user, RoomMemberState.REMOVED)
    mine = make_room(community, member.user, private=True)

    remove_member(SYSTEM, community_id=CommunityId(community.pk), user_id=UserId(member.user_id))

    revoked = AccessRevoked(user=member.user_id)
    assert {each.pk: told(room_topic(each), after=1) for each in (room, closed, mine, private)} == {
        room.pk: [revoked],
        closed.pk: [],
        mine.pk: [revoked],
        private.pk: [],
    }


def test_who_comes_back_to_the_community_does_not_find_old_private_rooms_open(community, private, member):
    make_room_member(private, member.user)
    open_to_all, closed = make_room(community), make_room(community)
    make_room_member(closed, member.user, RoomMemberState.REMOVED)

    leave_and_come_back(community, member)

    assert [can_read(member, room) for room in (private, open_to_all, closed)] == [False, True, False]


def test_who_left_the_community_is_taken_out_of_private_rooms_and_the_rest_are_told(private, community, member):
    make_room_member(private, member.user)
    kept = make_room(community)
    make_room_member(kept, member.user, RoomMemberState.REMOVED)
    remove_member(SYSTEM, community_id=CommunityId(community.pk), user_id=UserId(member.user_id))

    for _ in range(2):
        unchecked_end_participations(CommunityId(community.pk), UserId(member.user_id))

    assert told(room_topic(private), after=2) == [RoomMemberRemoved(user=member.user_id)]
    assert told(room_topic(kept), after=1) == []
    assert set(RoomMember.objects.filter(user=member.user).values_list("state", flat=True)) == {RoomMemberState.REMOVED}


def test_a_participation_since_the_return_survives_the_late_clean_up(private, community, moderator, member, untouched):
    make_room_member(private, member.user)
    leave_and_come_back(community, member)
    add(acting(moderator), private, member)

    with untouched():
        unchecked_end_participations(CommunityId(community.pk), UserId(member.user_id))

    assert can_read(member, private)


def test_a_participation_as_old_as_the_membership_counts(private, member):
    row = make_room_member(private, member.user)
    row.added_at = member.joined_at
    row.save()
    assert can_read(member, private)

    row.added_at = member.joined_at - timedelta(microseconds=1)
    row.save()
    assert not can_read(member, private)
