"""The admin panel shows rooms, not what is said in them, and changes them through actions only."""

from __future__ import annotations

import pytest
from django.urls import reverse

from chat.actions.rooms import open_direct_room
from kernel.ids import CommunityId, UserId
from tests.event_log import types_of
from tests.factories.accounts import enter_panel, make_user
from tests.factories.chat import make_room, post, room_topic
from tests.factories.communities import acting, make_member

pytestmark = pytest.mark.django_db

LIST = "admin:chat_room_changelist"


@pytest.fixture
def panel(client):
    enter_panel(client, make_user("root", is_staff=True, is_superuser=True))
    return client


def test_pages_show_rooms_without_their_messages_and_no_direct_ones(panel, community, member):
    room, other = make_room(community, name="Harbour"), make_member(community)
    post(member, room, "Sank the ship")
    direct = open_direct_room(acting(member), community_id=CommunityId(community.pk), user_id=UserId(other.user_id))

    listing = panel.get(reverse(LIST))
    detail = panel.get(reverse("admin:chat_room_change", args=[room.pk]))

    assert (listing.status_code, detail.status_code) == (200, 200)
    shown = listing.content.decode() + detail.content.decode()
    assert "Harbour" in shown
    assert "Sank the ship" not in shown
    assert str(direct.id) not in shown
    assert panel.get(reverse("admin:chat_room_change", args=[direct.id])).status_code == 302


def test_rooms_are_archived_each_for_itself(panel, community):
    first, second = make_room(community), make_room(community)
    form = {"action": "archive", "_selected_action": [str(first.pk)]}
    panel.post(reverse(LIST), form)
    form["_selected_action"].append(str(second.pk))

    answer = panel.post(reverse(LIST), form, follow=True)

    assert "This room is archived" in answer.content.decode()
    for room in (first, second):
        assert types_of(room_topic(room)) == ["room.created", "room.archived"]


def test_staff_without_the_permission_archive_nothing(client, community):
    room = make_room(community)
    enter_panel(client, make_user("clerk", is_staff=True))

    answer = client.post(reverse(LIST), {"action": "archive", "_selected_action": [str(room.pk)]})

    assert answer.status_code == 403
    assert types_of(room_topic(room)) == ["room.created"]
