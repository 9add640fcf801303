"""How far somebody has read: forward only, at most to the head, told to their own devices alone."""

from __future__ import annotations

import pytest

from chat.actions.read_markers import mark_read
from chat.events import ReadMarkerMoved, ReadMarkerPayload
from chat.models import ReadMarker
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.ids import RoomId
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.chat import make_room, post
from tests.factories.communities import acting, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(community, member):
    room = make_room(community)
    for _ in range(9):
        post(member, room)
    return room


def read(actor, room, seq):
    return mark_read(actor, room_id=RoomId(room.pk), seq=seq)


def moves(member):
    return [event.seq for _, _, event in events_of(topic_for("user", member.user_id))]


def test_a_marker_moves_forward_and_ones_own_devices_are_told(room, member, replayed):
    with replayed(room):
        assert read(acting(member), room, 4) == ReadMarkerPayload(room=room.pk, seq=4)
        assert read(acting(member), room, 7) == ReadMarkerPayload(room=room.pk, seq=7)

    assert [event for _, _, event in events_of(topic_for("user", member.user_id))] == [
        ReadMarkerMoved(room=room.pk, seq=4),
        ReadMarkerMoved(room=room.pk, seq=7),
    ]


def test_a_marker_never_moves_back(room, member, untouched):
    read(acting(member), room, 7)

    with untouched():
        assert read(acting(member), room, 4).seq == 7
        assert read(acting(member), room, 7).seq == 7
        assert read(acting(member), room, 0).seq == 7


def test_nothing_read_is_no_marker(room, member, untouched):
    with untouched():
        assert read(acting(member), room, 0).seq == 0


def test_nobody_reads_beyond_the_head(room, member):
    assert read(acting(member), room, 10**30).seq == 10
    assert moves(member) == [10]


def test_a_marker_is_each_readers_own(room, community, member):
    other = make_member(community)
    read(acting(member), room, 7)

    assert read(acting(other), room, 3).seq == 3


def test_a_negative_seq_is_refused(room, member, untouched):
    with untouched(), pytest.raises(InvalidInput) as refused:
        read(acting(member), room, -1)

    assert refused.value.data == {"field": "seq"}


def test_who_cannot_read_a_room_has_no_marker_in_it(room, untouched):
    with untouched():
        with pytest.raises(NotFound):
            read(acting(make_member(make_community())), room, 3)
        with pytest.raises(Unauthenticated):
            read(ANONYMOUS, room, 3)


@pytest.mark.django_db(transaction=True)
def test_of_devices_that_move_a_marker_at_once_the_furthest_wins(room, member):
    at_once(*(lambda seq=seq: read(acting(member), room, seq) for seq in (3, 9, 5, 7)))

    assert ReadMarker.objects.get(room=room).seq == 9
    assert moves(member) == sorted(moves(member))
    assert moves(member)[-1] == 9
