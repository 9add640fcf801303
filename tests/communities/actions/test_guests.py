"""Making members guests and guests full members: what they lose and gain, who may, and who hears of it."""

from __future__ import annotations

import pytest

from chat.actions.room_members import add_room_member
from chat.constants import ChatPermission
from chat.policies import refusals_of
from communities.actions.guests import make_full_member, make_guest
from communities.constants import CURRENT_STATUSES, MembershipStatus, Permission
from communities.errors import EqualOrHigherRole, OwnerIsNoGuest
from communities.models import Membership
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.decision import AccessRefused
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import CommunityId, RoomId, UserId
from tests.event_log import events_of, types_of
from tests.factories.chat import make_room, room_topic
from tests.factories.communities import Rank, acting, hold, make_community, make_member, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


def about(membership) -> dict[str, object]:
    return {"community_id": CommunityId(membership.community_id), "user_id": UserId(membership.user_id)}


def reads(membership, *rooms) -> list[bool]:
    asked = [(acting(membership), RoomId(room.pk)) for room in rooms]
    return [refused is None for refused in refusals_of(asked, ChatPermission.READ_MESSAGES)]


def test_who_becomes_a_guest_keeps_the_rooms_that_they_were_added_to_and_loses_all_others_at_once(
    replayed, community, moderator
):
    member = make_member(community)
    hall, cabin = make_room(community), make_room(community, member.user, private=True)

    with replayed(community):
        made = make_guest(acting(moderator), **about(member))

    assert (made.is_guest, reads(member, hall, cabin)) == (True, [False, True])
    for topic in (room_topic(hall), topic_for("community", community.pk)):
        assert AccessRevoked(user=member.user_id) in [event for _, _, event in events_of(topic)]
    assert types_of(topic_for("community", community.pk)) == ["access.revoked", "member.updated"]
    assert types_of(room_topic(cabin)) == ["room.created"]
    assert types_of(topic_for("user", member.user_id)) == ["access.changed", "membership.changed"]
    assert Membership.objects.get(pk=member.pk).access_epoch > member.access_epoch


def test_a_guest_is_added_to_a_room_for_all_and_becomes_a_full_member_again(replayed, community, moderator):
    guest = make_member(community, is_guest=True)
    hall, deck = make_room(community), make_room(community)
    add_room_member(acting(moderator), room_id=RoomId(hall.pk), user_id=UserId(guest.user_id))
    assert reads(guest, hall, deck) == [True, False]

    with replayed(community):
        made = make_full_member(acting(moderator), **about(guest))

    assert (made.is_guest, reads(guest, hall, deck)) == (False, [True, True])
    assert "access.revoked" not in types_of(topic_for("community", community.pk))


def test_who_is_one_already_stays_so_and_nobody_hears_of_it(untouched, community, moderator):
    guest, member = make_member(community, is_guest=True), make_member(community)
    with untouched():
        assert make_guest(acting(moderator), **about(guest)).is_guest is True
        assert make_full_member(acting(moderator), **about(member)).is_guest is False


@pytest.mark.parametrize("act", [make_guest, make_full_member])
def test_only_who_may_remove_or_add_members_does_it_and_only_to_who_stands_below(untouched, community, moderator, act):
    member, guest = make_member(community), make_member(community, is_guest=True)
    mate = make_member(community, rank=Rank.MODERATOR)
    stranger = make_member(make_community(), rank=Rank.OWNER)
    target = member if act is make_guest else guest
    for actor, whom, refusal in (
        (acting(member), target, AccessRefused),
        (acting(guest), target, AccessRefused),
        (acting(moderator), mate, EqualOrHigherRole),
        (acting(stranger), target, NotFound),
        (ANONYMOUS, target, Unauthenticated),
    ):
        with untouched(), pytest.raises(refusal):
            act(actor, **about(whom))


def test_the_owner_is_no_guest(untouched, community):
    owner = make_member(community, rank=Rank.OWNER)
    with untouched(), pytest.raises(OwnerIsNoGuest):
        make_guest(SYSTEM, **about(owner))


def test_adding_takes_another_permission_than_removing(untouched, community):
    greeter, remover = make_member(community), make_member(community)
    hold(greeter, make_role(community, Permission.ADD_MEMBER, name="Greeters", position=5))
    hold(remover, make_role(community, Permission.REMOVE_MEMBER, name="Removers", position=6))
    member, guest = make_member(community), make_member(community, is_guest=True)
    with untouched():
        for actor, act, whom in ((greeter, make_guest, member), (remover, make_full_member, guest)):
            with pytest.raises(AccessRefused):
                act(acting(actor), **about(whom))
    assert make_full_member(acting(greeter), **about(guest)).is_guest is False
    assert make_guest(acting(remover), **about(member)).is_guest is True


@pytest.mark.parametrize("status", [status for status in MembershipStatus if status not in CURRENT_STATUSES])
def test_who_is_no_member_is_no_guest(untouched, community, moderator, status):
    former = make_member(community, status=status)
    for act in (make_guest, make_full_member):
        with untouched(), pytest.raises(NotFound):
            act(acting(moderator), **about(former))
