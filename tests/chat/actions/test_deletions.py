"""When an account is deleted its messages stay, by an author without a name, and its rooms go on."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.actions.deletions import run_due_deletions, schedule_deletion
from chat.actions.deletions import erase_read_markers
from chat.actions.read_markers import mark_read
from chat.models import ReadMarker
from chat.queries.messages import list_messages
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.ids import RoomId, UserId
from kernel.pagination import PageRequest
from tests.factories.accounts import make_user
from tests.factories.chat import make_room, post
from tests.factories.communities import acting, make_community, make_member

pytestmark = pytest.mark.django_db


def test_messages_of_a_deleted_user_stay_without_a_name():
    user = make_user("ada")
    member = make_member(make_community(owner=make_user()), user)
    room = make_room(member.community)
    message = post(member, room, "Ahoy")
    mark_read(acting(member), room_id=RoomId(room.pk), seq=message.seq)
    schedule_deletion(SYSTEM, user_id=UserId(user.pk))
    with time_machine.travel(now() + timedelta(days=31)):
        run_due_deletions()
    (kept,) = list_messages(RoomId(room.pk), page=PageRequest()).items
    assert (kept.id, kept.body, kept.author.id, kept.author.display_name) == (
        message.id,
        "Ahoy",
        user.pk,
        "Deleted user",
    )
    assert "ada" not in kept.author.username
    assert not ReadMarker.objects.filter(user=user).exists()


def test_read_markers_are_deleted_some_at_a_time(monkeypatch):
    monkeypatch.setattr("chat.actions.deletions.DELETION_ROWS_AT_ONCE", 2)
    user = make_user()
    community = make_community()
    for _ in range(3):
        ReadMarker.objects.create(user=user, room=make_room(community), community=community, seq=1)
    other = ReadMarker.objects.create(user=make_user(), room=make_room(community), community=community, seq=1)
    assert [erase_read_markers(UserId(user.pk)) for _ in range(2)] == [False, True]
    assert list(ReadMarker.objects.all()) == [other]
