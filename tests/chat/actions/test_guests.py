"""Bringing somebody into one room and nothing else: as a guest, unless they are a member already."""

from __future__ import annotations

import pytest

from chat.actions.guests import add_guest
from chat.actions.rooms import archive_room, open_direct_room
from chat.constants import ChatPermission, RoomMemberState
from chat.errors import RoomIsArchived, RoomIsDirect
from chat.models import Room, RoomMember
from chat.policies import refusals_of
from chat.queries.room_members import list_room_members
from communities.constants import MembershipStatus, Permission
from communities.errors import MemberBanned
from communities.models import Membership
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.decision import AccessRefused
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, RoomId, UserId
from kernel.pagination import PageRequest
from tests.event_log import types_of
from tests.factories.accounts import make_user
from tests.factories.chat import make_room, make_room_member, room_topic
from tests.factories.communities import Rank, acting, hold, make_community, make_member, make_role
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


@pytest.fixture
def cabin(community, moderator):
    return make_room(community, moderator.user, private=True)


def bring(actor, room, user):
    return add_guest(actor, room_id=RoomId(room.pk), username=user.username)


def reads(user, *rooms) -> list[bool]:
    membership = Membership.objects.get(user=user)
    asked = [(acting(membership), RoomId(room.pk)) for room in rooms]
    return [refused is None for refused in refusals_of(asked, ChatPermission.READ_MESSAGES)]


def nothing_changes():
    return unchanged(Membership, RoomMember, Room)


def takes_part(room) -> set[str]:
    return {user.username for user in list_room_members(room, page=PageRequest(limit=100)).items}


def test_a_stranger_becomes_a_guest_who_reaches_this_room_alone(replayed, community, moderator, cabin):
    hall, stranger = make_room(community), make_user()

    with replayed(cabin):
        member = bring(acting(moderator), cabin, stranger)

    assert (member.user.id, member.is_guest) == (stranger.pk, True)
    assert reads(stranger, cabin, hall) == [True, False]
    assert types_of(topic_for("user", stranger.pk)) == ["membership.changed", "room.joined"]
    assert types_of(topic_for("community", community.pk)) == ["member.joined"]
    assert types_of(room_topic(cabin)) == ["room.created", "room_member.added"]


def test_guests_take_part_in_a_room_for_all_only_if_they_were_added(community, moderator):
    hall, deck, guest = make_room(community), make_room(community), make_user("visitor")
    full = make_member(community)

    bring(acting(moderator), hall, guest)

    assert takes_part(hall) == {"visitor", moderator.user.username, full.user.username}
    assert takes_part(deck) == {moderator.user.username, full.user.username}


@pytest.mark.parametrize("is_guest", [True, False])
def test_who_is_in_the_community_stays_what_they_are_and_is_added_to_the_room(community, moderator, cabin, is_guest):
    inside = make_member(community, is_guest=is_guest)

    member = bring(acting(moderator), cabin, inside.user)

    assert (member.is_guest, reads(inside.user, cabin)) == (is_guest, [True])
    assert types_of(topic_for("community", community.pk)) == []
    with nothing_changes():
        bring(acting(moderator), cabin, inside.user)


def test_who_comes_back_by_a_room_comes_as_a_guest(community, moderator, cabin):
    former = make_member(community, status=MembershipStatus.REMOVED)

    assert bring(acting(moderator), cabin, former.user).is_guest is True


def test_it_takes_both_the_community_and_the_room(community, member, moderator, cabin):
    stranger, greeter, warden = make_user(), make_member(community), make_member(community)
    hold(greeter, make_role(community, Permission.ADD_MEMBER, name="Greeters", position=5))
    hold(warden, make_role(community, ChatPermission.MODERATE_ROOM, name="Wardens", position=6))
    for inside in (member, greeter, warden):
        make_room_member(cabin, inside.user)
        with nothing_changes(), pytest.raises(AccessRefused):
            bring(acting(inside), cabin, stranger)
    outside = make_member(make_community(), rank=Rank.OWNER)
    owner_not_inside = make_member(community, rank=Rank.OWNER)
    for actor, refusal in (
        (acting(outside), NotFound),
        (acting(owner_not_inside), NotFound),
        (ANONYMOUS, Unauthenticated),
    ):
        with nothing_changes(), pytest.raises(refusal):
            bring(actor, cabin, stranger)


def test_who_is_banned_does_not_come_in_by_a_room(community, moderator, cabin):
    banned = make_member(community, status=MembershipStatus.BANNED)
    with nothing_changes(), pytest.raises(MemberBanned):
        bring(acting(moderator), cabin, banned.user)


def test_somebody_without_an_account_cannot_be_brought(community, moderator, cabin):
    for username in ("nobody-here", make_user(is_active=False).username):
        with nothing_changes(), pytest.raises(InvalidInput) as refused:
            add_guest(acting(moderator), room_id=RoomId(cabin.pk), username=username)
        assert refused.value.data == {"field": "username"}


def test_nobody_is_brought_into_a_conversation_or_an_archived_room(community, member, moderator, cabin):
    direct = open_direct_room(acting(member), community_id=CommunityId(community.pk), user_id=UserId(moderator.user_id))
    archive_room(SYSTEM, room_id=RoomId(cabin.pk))
    for room_id, refusal in ((direct.id, RoomIsDirect), (cabin.pk, RoomIsArchived)):
        with nothing_changes(), pytest.raises(refusal):
            add_guest(acting(moderator), room_id=RoomId(room_id), username=make_user().username)


def test_who_was_put_out_of_the_room_comes_back_by_it(community, moderator, cabin):
    guest = make_member(community, is_guest=True)
    make_room_member(cabin, guest.user, RoomMemberState.REMOVED)

    bring(acting(moderator), cabin, guest.user)

    assert reads(guest.user, cabin) == [True]
