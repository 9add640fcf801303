"""Telling a room that somebody types."""

from __future__ import annotations

import msgspec
import pytest

from chat.actions.typing import start_typing
from chat.errors import RoomIsArchived
from chat.events import TypingStarted
from communities.constants import MembershipStatus
from eventlog.doorbell import add_listener, remove_listener
from kernel.actor import ANONYMOUS
from kernel.clock import now
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import RoomId
from tests.factories.chat import make_room, room_topic
from tests.factories.communities import acting, make_member


class Recorder:
    def __init__(self):
        self.ephemeral = []

    def committed(self, events):
        raise AssertionError("typing is not kept")

    def published(self, event):
        self.ephemeral.append(event)


@pytest.fixture
def recorder():
    recorder = Recorder()
    add_listener(recorder)
    yield recorder
    remove_listener(recorder)


@pytest.mark.django_db(transaction=True)
def test_who_follows_the_room_hears_who_types(community, member, recorder, untouched):
    room = make_room_quietly(community, recorder)

    with untouched():
        start_typing(acting(member), room_id=RoomId(room.pk))

    (event,) = recorder.ephemeral
    assert (event.topic, event.type) == (room_topic(room), "typing.started")
    assert event.key.endswith(str(member.user_id))
    assert msgspec.json.decode(event.data, type=TypingStarted) == TypingStarted(user=member.user_id)


@pytest.mark.django_db(transaction=True)
def test_who_may_not_write_does_not_type(community, recorder):
    room = make_room_quietly(community, recorder)
    outsider = make_member(community, status=MembershipStatus.REMOVED)

    with pytest.raises(NotFound):
        start_typing(acting(outsider), room_id=RoomId(room.pk))
    with pytest.raises(Unauthenticated):
        start_typing(ANONYMOUS, room_id=RoomId(room.pk))
    room.archived_at = now()
    room.save()
    with pytest.raises(RoomIsArchived):
        start_typing(acting(make_member(community)), room_id=RoomId(room.pk))

    assert recorder.ephemeral == []


def make_room_quietly(community, recorder):
    remove_listener(recorder)
    room = make_room(community)
    add_listener(recorder)
    return room
