"""What tests of chat share: proof by replay that an act's events tell all that it did, and proof that a refused one did nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from accounts.events import UserPayload
from chat.events import (
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    MessagePayload,
    ReadMarkerMoved,
    RoomArchived,
    RoomJoined,
    RoomLeft,
    RoomMemberAdded,
    RoomMemberRemoved,
    RoomOverwritesChanged,
    RoomPayload,
    RoomUpdated,
)
from chat.models import Message, MessageEdit, ReadMarker, Room, RoomCategory, RoomMember
from chat.queries.messages import list_messages
from chat.queries.room_members import list_room_members
from chat.queries.rooms import room_payloads
from communities.events import AccessChanged
from communities.models import Membership
from eventlog.events import AccessReviewed, AccessRevoked, Event
from eventlog.replay import read_heads
from eventlog.topics import Topic, parse_topic, topic_for
from kernel.ids import RoomId
from kernel.pagination import PageRequest
from tests.event_log import events_of
from tests.factories.chat import room_topic
from tests.factories.communities import make_community, make_member
from tests.unchanged import unchanged

EVERYTHING = PageRequest(limit=10_000)


class Snapshot(msgspec.Struct, frozen=True):
    """What clients hold of a room: what it says of itself, its messages, who takes part, and how far each has read."""

    room: RoomPayload
    messages: dict[UUID, MessagePayload]
    members: dict[UUID, UserPayload]
    markers: dict[UUID, int]


@pytest.fixture(autouse=True)
def _own_limits(limiter: object) -> None:
    """Let no test use up another one's limits."""


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def member(community):
    return make_member(community)


@pytest.fixture
def replayed() -> Callable[[Room], AbstractContextManager[None]]:
    """Check that the old snapshot of a room with the block's events applied equals the new snapshot."""
    return _replayed


@pytest.fixture
def untouched() -> Callable[[], AbstractContextManager[None]]:
    """Check that the block changes no row of chat and appends no event to any topic."""
    return lambda: unchanged(Room, RoomCategory, RoomMember, ReadMarker, Message, MessageEdit)


@contextmanager
def _replayed(room: Room) -> Iterator[None]:
    before = _snapshot(room)
    topics = _topics(room)
    known = read_heads(topics)
    yield
    told = [(topic, event) for topic in topics for _, _, event in events_of(topic, after=known[topic])]
    state = before
    for topic, event in told:
        state = _apply(state, topic, event)
    assert state == _snapshot(room)


def _topics(room: Room) -> list[Topic]:
    users = Membership.objects.filter(community=room.community_id).values_list("user_id", flat=True)
    return [room_topic(room), *(topic_for("user", user_id) for user_id in users)]


def _snapshot(room: Room) -> Snapshot:
    room = Room.objects.get(pk=room.pk)
    markers = ReadMarker.objects.filter(room=room).values_list("user_id", "seq")
    return Snapshot(
        room=room_payloads([room])[0],
        messages={message.id: message for message in list_messages(RoomId(room.pk), page=EVERYTHING).items},
        members={user.id: user for user in list_room_members(room, page=EVERYTHING).items},
        markers=dict(markers),
    )


def _apply(state: Snapshot, topic: Topic, event: Event) -> Snapshot:
    """Return the state after an event, as a client would work it out."""
    match event:
        case RoomUpdated(room=room) | RoomArchived(room=room):
            return replace(state, room=room)
        case RoomMemberAdded(user=user):
            return replace(state, members={**state.members, user.id: user})
        case RoomMemberRemoved(user=user_id):
            return replace(state, members={key: user for key, user in state.members.items() if key != user_id})
        case ReadMarkerMoved(seq=seq):
            _, user_id = parse_topic(topic)
            assert seq > state.markers.get(user_id, 0)
            return replace(state, markers={**state.markers, user_id: seq})
        case AccessRevoked() | AccessReviewed() | AccessChanged() | RoomJoined() | RoomLeft() | RoomOverwritesChanged():
            return state
    return replace(state, messages=_apply_to_messages(state.messages, event))


def _apply_to_messages(messages: dict[UUID, MessagePayload], event: Event) -> dict[UUID, MessagePayload]:
    match event:
        case MessageCreated(message=message):
            assert message.id not in messages
            return {**messages, message.id: message}
        case MessageEdited(message=message):
            assert message.id in messages
            return {**messages, message.id: message}
        case MessageDeleted(id=message_id, seq=seq):
            assert messages[message_id].seq == seq
            return {**messages, message_id: replace(messages[message_id], body="", deleted=True)}
    raise AssertionError(f"no client knows what to do with {event}")
