"""Bringing in people and messages: repeatable, told live, and never as one of our own users."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions.imports import ImportedMessage, get_or_create_import_room, import_messages, import_people
from chat.models import Message, Room
from communities.constants import MembershipStatus
from communities.models import Membership
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.errors import Forbidden, InvalidInput, NotFound
from kernel.ids import CommunityId, RoomId, uuid7
from tests.factories.accounts import make_user
from tests.factories.chat import make_room
from tests.factories.communities import acting

pytestmark = pytest.mark.django_db

SAID_AT = datetime(2004, 11, 15, 12, 18, tzinfo=UTC)


def people(community, *nicks):
    return import_people(SYSTEM, community_id=CommunityId(community.pk), nicks=nicks)


def said(author_id, *numbers):
    return [
        ImportedMessage(author_id=author_id, body=f"Line {number}", nonce=f"irc:{number}", created_at=SAID_AT)
        for number in numbers
    ]


def test_each_nick_becomes_a_member_under_its_own_name(community):
    found = people(community, "anna", "|trey|", "_trey_", "_")

    users = {nick: User.objects.get(pk=user_id) for nick, user_id in found.items()}
    assert {nick: user.username for nick, user in users.items()} == {
        "anna": "anna",
        "|trey|": "_trey_",
        "_trey_": "_trey_-2",
        "_": "___",
    }
    assert {nick: user.display_name for nick, user in users.items()} == {nick: nick for nick in users}
    assert not any(user.has_usable_password() for user in users.values())
    members = Membership.objects.filter(community=community, status=MembershipStatus.ACTIVE)
    assert set(members.values_list("user_id", flat=True)) == set(found.values())


def test_people_are_found_again_in_any_order_and_spelling(community, untouched):
    found = people(community, "_trey_", "|trey|", "Anna")

    with untouched():
        again = people(community, "ANNA", "|TREY|", "_trey_")

    assert again == {"ANNA": found["Anna"], "|TREY|": found["|trey|"], "_trey_": found["_trey_"]}


def test_one_of_our_own_users_is_never_taken_for_a_nick(community):
    own = make_user("anna", display_name="anna")

    found = people(community, "anna")

    assert User.objects.get(pk=found["anna"]).username == "anna-2"
    assert not Membership.objects.filter(user=own).exists()


@pytest.mark.parametrize("status", [MembershipStatus.REMOVED, MembershipStatus.BANNED])
def test_who_was_removed_since_stays_out(community, status):
    found = people(community, "anna")
    Membership.objects.update(status=status)

    assert people(community, "anna") == found
    assert Membership.objects.get().status == status


def test_messages_keep_their_times_and_come_once(community, replayed):
    room = make_room(community)
    author = people(community, "anna")["anna"]

    with replayed(room):
        first = import_messages(SYSTEM, room_id=RoomId(room.pk), messages=said(author, 1, 2))
    with replayed(room):
        second = import_messages(SYSTEM, room_id=RoomId(room.pk), messages=said(author, 1, 2, 3, 3))

    assert (first, second) == (2, 1)
    rows = Message.objects.order_by("seq").values_list("body", "seq", "created_at")
    assert list(rows) == [("Line 1", 2, SAID_AT), ("Line 2", 3, SAID_AT), ("Line 3", 4, SAID_AT)]


def test_a_second_import_changes_nothing(community, untouched):
    room = make_room(community)
    author = people(community, "anna")["anna"]
    import_messages(SYSTEM, room_id=RoomId(room.pk), messages=said(author, 1, 2))

    with untouched():
        assert import_messages(SYSTEM, room_id=RoomId(room.pk), messages=said(author, 1, 2)) == 0


def test_many_messages_take_as_many_statements_as_one(community):
    room = make_room(community)
    author = people(community, "anna")["anna"]

    def statements(numbers):
        with CaptureQueriesContext(connection) as captured:
            import_messages(SYSTEM, room_id=RoomId(room.pk), messages=said(author, *numbers))
        return len(captured)

    assert statements([0]) == statements(range(1, 500))


def test_many_people_take_as_many_statements_as_one(community):
    def statements(nicks):
        with CaptureQueriesContext(connection) as captured:
            people(community, *nicks)
        return len(captured)

    assert statements(["anna"]) == statements([f"sailor{number}" for number in range(50)])


def test_a_room_is_found_by_name_or_made(community):
    private = make_room(community, name="boats", private=True)
    archived = make_room(community, name="boats")
    archived.archived_at = now()
    archived.save()

    made = get_or_create_import_room(SYSTEM, community_id=CommunityId(community.pk), name=" boats ")

    assert made not in (private.pk, archived.pk)
    assert get_or_create_import_room(SYSTEM, community_id=CommunityId(community.pk), name="boats") == made
    with pytest.raises(InvalidInput):
        get_or_create_import_room(SYSTEM, community_id=CommunityId(community.pk), name=" ")
    assert Room.objects.count() == 3


def test_the_system_alone_imports(community, member, untouched):
    room = make_room(community)
    community_id = CommunityId(community.pk)

    with untouched():
        for actor in (acting(member), ANONYMOUS):
            with pytest.raises(Forbidden):
                get_or_create_import_room(actor, community_id=community_id, name="boats")
            with pytest.raises(Forbidden):
                import_people(actor, community_id=community_id, nicks=["anna"])
            with pytest.raises(Forbidden):
                import_messages(actor, room_id=RoomId(room.pk), messages=said(member.user_id, 1))
        with pytest.raises(NotFound):
            import_messages(SYSTEM, room_id=RoomId(uuid7()), messages=said(member.user_id, 1))
    assert User.objects.count() == 1
