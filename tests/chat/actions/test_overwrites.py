"""Overwrites of rooms: who may put which, what they change, and who hears of it."""

from __future__ import annotations

from uuid import UUID

import pytest

from chat.actions.overwrites import OverwriteTarget, delete_room_overwrite, put_room_overwrite
from chat.actions.rooms import archive_room, open_direct_room
from chat.constants import ROOM_OVERWRITES_MAX, ChatPermission, OverwriteKind
from chat.errors import OverwriteLocksOut, RoomIsArchived, RoomIsDirect, TooManyOverwrites
from chat.events import RoomOverwritesChanged
from chat.models import Room, RoomOverwrites
from chat.policies import get_room_for, list_rooms_for, refusals_of, users_who_may
from chat.queries import overwrites
from chat.queries.overwrites import list_overwrites
from chat.queries.rooms import get_rooms
from communities.constants import MembershipStatus
from communities.errors import EqualOrHigherRole, PermissionNotHeld, RoleTooHigh
from communities.events import AccessChanged
from communities.models import Membership, Role
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.decision import AccessRefused
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, RoomId, UserId, uuid7
from kernel.pagination import PageRequest
from tests.event_log import events_of, types_of
from tests.factories.chat import make_room, post, room_topic
from tests.factories.communities import Rank, acting, hold, make_community, make_member, make_role, role_of
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

VIEW, READ, SEND = ChatPermission.VIEW_ROOM, ChatPermission.READ_MESSAGES, ChatPermission.SEND_MESSAGE
PAGE = PageRequest(limit=100)


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


@pytest.fixture
def room(community):
    return make_room(community)


def default(community) -> OverwriteTarget:
    return OverwriteTarget(OverwriteKind.ROLE, Role.objects.get(community=community, is_default=True).pk)


def moderators(community) -> OverwriteTarget:
    return OverwriteTarget(OverwriteKind.ROLE, role_of(community, Rank.MODERATOR).pk)


def one(membership: Membership) -> OverwriteTarget:
    return OverwriteTarget(OverwriteKind.MEMBER, membership.user_id)


def put(actor, room, target, **names):
    return put_room_overwrite(actor, room_id=RoomId(room.pk), target=target, **names)


def delete(actor, room, target):
    delete_room_overwrite(actor, room_id=RoomId(room.pk), target=target)


def may(membership, room, permission) -> bool:
    try:
        get_room_for(acting(membership), RoomId(room.pk), permission)
    except (NotFound, AccessRefused):
        return False
    return True


def shown(membership, community) -> list[UUID]:
    page = list_rooms_for(acting(membership), CommunityId(community.pk), page=PAGE)
    return [room.id for room in page.items]


def nothing_changes():
    return unchanged(Room, RoomOverwrites, Membership)


# --- What they do ------------------------------------------------------------------------------------------------------


def test_what_is_taken_from_the_default_role_closes_the_room_to_members_but_not_to_the_owner(
    replayed, community, owner, member, room
):
    with replayed(room):
        put(acting(owner), room, default(community), deny=[VIEW])

    assert (may(member, room, READ), may(owner, room, READ)) == (False, True)
    assert (shown(member, community), shown(owner, community)) == ([], [room.pk])
    assert events_of(room_topic(room))[1:] == [
        (2, "access.revoked", AccessRevoked(user=member.user_id)),
        (3, "room_overwrites.changed", RoomOverwritesChanged(room=room.pk)),
    ]
    told = [event for _, _, event in events_of(topic_for("user", member.user_id))]
    assert told == [AccessChanged(community=community.pk)]
    assert types_of(topic_for("user", owner.user_id)) == []


def test_who_only_loses_writing_goes_on_to_read_and_is_told_why(replayed, community, owner, member, room):
    with replayed(room):
        put(acting(owner), room, one(member), deny=[SEND])

    assert types_of(room_topic(room)) == ["room.created", "room_overwrites.changed"]
    with pytest.raises(AccessRefused) as refused:
        post(member, room)
    assert refused.value.code == "overwrite.denied"
    assert [getattr(one, "code", None) for one in refusals_of([(acting(member), RoomId(room.pk))], SEND)] == [
        "overwrite.denied"
    ]
    assert may(member, room, READ)


def test_who_gains_a_room_hears_that_there_is_more_to_see(community, owner, member, room):
    put(acting(owner), room, default(community), deny=[READ])
    put(acting(owner), room, one(member), allow=[READ])

    assert may(member, room, READ)
    assert types_of(topic_for("user", member.user_id)) == ["access.changed", "access.changed"]


def test_without_its_overwrites_a_room_is_as_before(replayed, community, owner, member, room):
    put(acting(owner), room, default(community), deny=[VIEW])
    with replayed(room):
        delete(acting(owner), room, default(community))

    assert may(member, room, READ)
    assert Room.objects.get(pk=room.pk).overwrites_id is None
    assert list_overwrites(Room.objects.get(pk=room.pk)).items == ()


def test_what_was_before_is_kept_with_who_changed_it(community, owner, moderator, room):
    first = put(acting(owner), room, default(community), deny=[SEND])
    second = put(acting(moderator), room, one(make_member(community)), deny=[READ])

    listed = list_overwrites(Room.objects.get(pk=room.pk))
    assert (listed.items, listed.changed_by) == ((first, second), moderator.user_id)
    kept = RoomOverwrites.objects.filter(room=room).order_by("pk")
    assert [(row.author_id, len(row.entries)) for row in kept] == [(owner.user_id, 1), (moderator.user_id, 2)]


def test_the_same_once_more_changes_nothing(community, owner, room):
    put(acting(owner), room, default(community), deny=[SEND])
    with nothing_changes():
        put(acting(owner), room, default(community), deny=[SEND])


def test_the_overwrite_of_a_role_that_is_gone_is_not_shown_and_goes_with_the_next_change(community, owner, room):
    role = make_role(community, VIEW, SEND)
    put(acting(owner), room, OverwriteTarget(OverwriteKind.ROLE, role.pk), deny=[SEND])
    role.delete()
    assert list_overwrites(Room.objects.get(pk=room.pk)).items == ()

    put(acting(owner), room, default(community), deny=[SEND])

    assert len(Room.objects.get(pk=room.pk).overwrites.entries) == 1


def test_overwrites_come_with_the_room_whoever_is_asked_about(community, owner, room, django_assert_num_queries):
    members = [UserId(make_member(community).user_id) for _ in range(3)]
    put(acting(owner), room, OverwriteTarget(OverwriteKind.MEMBER, members[0]), deny=[SEND])
    overwrites._parsed.clear()

    with django_assert_num_queries(1):
        [loaded] = get_rooms([RoomId(room.pk)]).values()
    with django_assert_num_queries(2):
        assert users_who_may(SEND, loaded, members) == set(members[1:])


def test_nothing_is_written_behind_the_event_by_who_was_denied_writing(community, owner, member, room):
    """The log decides: a message holds the room's topic before it is decided, and every change of overwrites appends to it."""
    post(member, room)
    put(acting(owner), room, one(member), deny=[SEND])
    with pytest.raises(AccessRefused):
        post(member, room)

    assert types_of(room_topic(room)) == ["room.created", "message.created", "room_overwrites.changed"]


# --- Who may -----------------------------------------------------------------------------------------------------------


def test_whoever_does_not_manage_the_room_puts_nothing_and_strangers_do_not_learn_that_it_is_there(
    community, member, room
):
    stranger = make_member(make_community(), rank=Rank.OWNER)
    for actor, refusal in (
        (acting(member), AccessRefused),
        (acting(stranger), NotFound),
        (ANONYMOUS, Unauthenticated),
    ):
        with nothing_changes():
            with pytest.raises(refusal):
                put(actor, room, default(community), deny=[SEND])
            with pytest.raises(refusal):
                delete(actor, room, default(community))


def test_nobody_touches_a_role_or_a_member_who_does_not_stand_below_them(community, owner, moderator, room):
    mate = make_member(community, rank=Rank.MODERATOR)
    for target, refusal in (
        (moderators(community), RoleTooHigh),
        (one(mate), EqualOrHigherRole),
        (one(moderator), EqualOrHigherRole),
        (one(owner), EqualOrHigherRole),
    ):
        with nothing_changes(), pytest.raises(refusal):
            put(acting(moderator), room, target, deny=[SEND])
        put(SYSTEM, room, target, deny=[SEND])
        with nothing_changes(), pytest.raises(refusal):
            delete(acting(moderator), room, target)
        delete(SYSTEM, room, target)


def test_nobody_gives_takes_or_takes_back_what_they_do_not_have_in_the_room(community, member, room):
    steward = make_member(community)
    hold(steward, make_role(community, VIEW, ChatPermission.MANAGE_ROOM, name="Stewards"))
    put(SYSTEM, room, one(steward), deny=[SEND])
    put(SYSTEM, room, one(member), deny=[SEND])
    for names in ({"allow": [SEND]}, {"deny": [READ]}, {"deny": [SEND, ChatPermission.DELETE_ANY_MESSAGE]}):
        with nothing_changes(), pytest.raises(PermissionNotHeld):
            put(acting(steward), room, one(member), **names)
    with nothing_changes(), pytest.raises(PermissionNotHeld) as refused:
        delete(acting(steward), room, one(member))
    assert refused.value.data == {"permissions": ["message.send"]}
    put(acting(steward), room, one(member), deny=[SEND, READ])


def test_nobody_shuts_themselves_out_by_a_role_below_them(community, owner, moderator, room):
    with nothing_changes(), pytest.raises(OverwriteLocksOut):
        put(acting(moderator), room, default(community), deny=[VIEW])
    put(acting(owner), room, moderators(community), allow=[VIEW, READ])
    put(acting(moderator), room, default(community), deny=[VIEW])
    assert may(moderator, room, READ)


@pytest.mark.parametrize(
    ("names", "field"),
    [
        ({"allow": ["member.ban"]}, "allow"),
        ({"deny": ["king"]}, "deny"),
        ({"allow": [SEND], "deny": [SEND]}, "deny"),
        ({}, "allow"),
    ],
)
def test_only_what_rooms_know_is_given_or_taken_and_never_both(community, owner, room, names, field):
    with nothing_changes(), pytest.raises(InvalidInput) as refused:
        put(acting(owner), room, default(community), **names)
    assert refused.value.data == {"field": field}


def test_overwrites_are_for_roles_of_the_community_and_for_members(community, owner, room):
    elsewhere = make_community()
    former = make_member(community, status=MembershipStatus.REMOVED)
    for target in (default(elsewhere), one(make_member(elsewhere)), one(former), OverwriteTarget("role", uuid7())):
        with nothing_changes(), pytest.raises(NotFound):
            put(acting(owner), room, target, deny=[SEND])
        with nothing_changes(), pytest.raises(NotFound):
            delete(acting(owner), room, target)


def test_the_overwrite_of_who_has_left_can_be_taken_back(community, owner, member, room):
    put(acting(owner), room, one(member), deny=[SEND])
    Membership.objects.filter(pk=member.pk).update(status=MembershipStatus.REMOVED)

    delete(acting(owner), room, one(member))

    assert Room.objects.get(pk=room.pk).overwrites_id is None


def test_a_room_has_so_many_overwrites_and_no_more(community, owner, room):
    entry = {"kind": "member", "allow": ["message.send"], "deny": [], "made_at": "2026-01-01T00:00:00Z"}
    entries = [{**entry, "id": str(uuid7())} for _ in range(ROOM_OVERWRITES_MAX)]
    version = RoomOverwrites.objects.create(community=community, room=room, entries=entries)
    Room.objects.filter(pk=room.pk).update(overwrites=version)

    with nothing_changes(), pytest.raises(TooManyOverwrites):
        put(acting(owner), room, default(community), deny=[SEND])


def test_conversations_and_archived_rooms_have_none(community, owner, member, room):
    direct = open_direct_room(acting(owner), community_id=CommunityId(community.pk), user_id=UserId(member.user_id))
    archive_room(acting(owner), room_id=RoomId(room.pk))
    for place, refusal in ((Room.objects.get(pk=direct.id), RoomIsDirect), (room, RoomIsArchived)):
        with nothing_changes(), pytest.raises(refusal):
            put(acting(owner), place, one(member), deny=[SEND])


# --- Very many members -------------------------------------------------------------------------------------------------


def test_what_concerns_many_names_nobody_and_has_every_gateway_ask_about_its_own_followers(
    settings, replayed, community, owner, member, room
):
    settings.ACCESS_CHANGES_AT_ONCE = 1
    with replayed(room):
        put(acting(owner), room, default(community), deny=[READ])

    assert types_of(room_topic(room)) == ["room.created", "access.reviewed", "room_overwrites.changed"]
    assert types_of(topic_for("community", community.pk)) == ["rooms.changed"]
    assert types_of(topic_for("user", member.user_id)) == []
    assert (may(member, room, READ), may(owner, room, READ)) == (False, True)


def test_the_followers_of_a_private_room_are_asked_about_too(replayed, community, owner, member):
    room = make_room(community, owner.user, member.user, private=True)
    with replayed(room):
        put(acting(owner), room, one(member), deny=[READ])

    assert types_of(room_topic(room))[1:] == ["access.revoked", "access.reviewed", "room_overwrites.changed"]
