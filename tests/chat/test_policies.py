"""The loaders: what each kind of caller may reach, and what they learn about the rest."""

from __future__ import annotations

import pytest

from chat.constants import ChatPermission, RoomMemberState
from chat.policies import get_message_for, get_room_for, users_who_may
from communities.constants import MembershipStatus
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import MessageId, RoomId, uuid7
from tests.factories.chat import make_room, make_room_member, post
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db


def reads(actor, room) -> bool:
    try:
        return get_room_for(actor, RoomId(room.pk), ChatPermission.READ_MESSAGES) == room
    except NotFound:
        return False


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("state", [None, *RoomMemberState])
@pytest.mark.parametrize("status", list(MembershipStatus))
@pytest.mark.parametrize("rank", list(Rank))
def test_who_reads_a_room(community, rank, status, state, private):
    until = now() if status is MembershipStatus.TIMED_OUT else None
    member = make_member(community, rank=rank, status=status, timed_out_until=until)
    room = make_room(community, private=private)
    if state is not None:
        make_room_member(room, member.user, state)

    current = status in (MembershipStatus.ACTIVE, MembershipStatus.TIMED_OUT)
    takes_part = state is RoomMemberState.MEMBER if private else state is not RoomMemberState.REMOVED
    assert reads(acting(member), room) == (current and takes_part)


def test_strangers_and_deactivated_users_read_nothing_and_the_system_everything(community, member):
    room, private = make_room(community), make_room(community, private=True)
    stranger = make_member(make_community(), rank=Rank.OWNER)
    member.user.is_active = False
    member.user.save()

    assert [reads(acting(who), room) for who in (stranger, member)] == [False, False]
    assert [reads(SYSTEM, each) for each in (room, private)] == [True, True]


def test_nobody_is_told_to_sign_in_whether_or_not_the_thing_exists(community, member):
    room = make_room(community)
    message = post(member, room)

    for room_id in (room.pk, uuid7()):
        with pytest.raises(Unauthenticated):
            get_room_for(ANONYMOUS, RoomId(room_id), ChatPermission.READ_MESSAGES)
    for message_id in (message.id, uuid7()):
        with pytest.raises(Unauthenticated):
            get_message_for(ANONYMOUS, MessageId(message_id), ChatPermission.READ_MESSAGES)


def test_a_message_is_as_reachable_as_its_room(community, member):
    private = make_room(community, member.user, private=True)
    message = post(member, private)
    other = make_member(community, rank=Rank.OWNER)

    assert get_message_for(acting(member), MessageId(message.id), ChatPermission.READ_MESSAGES).pk == message.id
    with pytest.raises(NotFound):
        get_message_for(acting(other), MessageId(message.id), ChatPermission.READ_MESSAGES)


def test_who_may_read_is_answered_for_many_in_two_queries(community, django_assert_num_queries):
    members = [make_member(community) for _ in range(5)]
    room = make_room(community, members[0].user, members[3].user, private=True)

    with django_assert_num_queries(2):
        found = users_who_may(ChatPermission.READ_MESSAGES, room, [member.user_id for member in members])

    assert found == {members[0].user_id, members[3].user_id}
