"""The commands of chat as the gateway calls them: from the JSON of a frame to the answer of its ack."""

from __future__ import annotations

import msgspec
import pytest

from chat.commands import MessageSent, SendMessage
from chat.events import ReadMarkerPayload
from chat.models import Message
from kernel.actor import ANONYMOUS
from kernel.commands import Done, registered_commands
from kernel.errors import InvalidInput, NotFound, RateLimited, Unauthenticated
from kernel.ids import uuid7
from tests.factories.chat import make_room, post, room_topic
from tests.factories.communities import acting, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(community):
    return make_room(community)


def call(actor, name, **body):
    registered = registered_commands()[name]
    command = msgspec.json.decode(msgspec.json.encode(body), type=registered.command)
    answer = registered.handler(actor, command)
    assert type(answer) is registered.answer
    return answer


def test_a_sent_message_is_answered_with_its_place_in_the_log_again_and_again(room, member):
    body = {"room": room.pk, "body": "Ahoy", "nonce": "n1"}

    answers = [call(acting(member), "message.send", **body) for _ in range(2)]

    message = Message.objects.get()
    assert answers == [MessageSent(id=message.pk, topic=room_topic(room), seq=message.seq)] * 2


def test_an_answer_is_sent_with_the_message_that_it_answers(room, member):
    question = post(member, room)

    call(acting(member), "message.send", room=room.pk, body="Aye", nonce="n", reply_to=question.id)

    assert Message.objects.get(body="Aye").reply_to == question.id


def test_messages_are_limited_per_room_and_user(room, member, untouched):
    for number in range(20):
        call(acting(member), "message.send", room=room.pk, body="Ahoy", nonce=f"n{number}")

    with untouched(), pytest.raises(RateLimited):
        call(acting(member), "message.send", room=room.pk, body="Ahoy", nonce="one too many")


def test_of_many_messages_each_is_answered_for_itself_and_all_are_counted_at_once(room, member, limiter, monkeypatch):
    asked = []
    real = limiter.take_many
    monkeypatch.setattr(limiter, "take_many", lambda limit, keys: asked.append(len(keys)) or real(limit, keys))
    requests = [(acting(member), SendMessage(room=room.pk, body="Ahoy", nonce=f"n{number}")) for number in range(22)]
    requests[3] = (acting(member), SendMessage(room=room.pk, body=" ", nonce="n3"))
    requests.insert(0, (ANONYMOUS, SendMessage(room=room.pk, body="Ahoy", nonce="n")))

    outcomes = registered_commands()["message.send"].batch_handler(requests)

    expected = [Unauthenticated, *[MessageSent] * 3, InvalidInput, *[MessageSent] * 16, RateLimited, RateLimited]
    assert list(map(type, outcomes)) == expected
    assert asked == [22]
    assert Message.objects.count() == 19


def test_a_message_is_edited_and_deleted(room, member):
    message = post(member, room)

    assert call(acting(member), "message.edit", message=message.id, body="Changed").body == "Changed"
    assert call(acting(member), "message.delete", message=message.id) == Done()
    assert Message.objects.get().deleted_at is not None


def test_reading_and_typing_are_answered(room, member):
    post(member, room)

    assert call(acting(member), "room.read", room=room.pk, seq=2) == ReadMarkerPayload(room=room.pk, seq=2)
    assert call(acting(member), "typing.start", room=room.pk) == Done()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("message.send", {"body": "Ahoy", "nonce": "n"}),
        ("room.read", {"seq": 1}),
        ("typing.start", {}),
    ],
)
def test_a_foreign_room_and_none_at_all_look_alike(room, untouched, name, body):
    stranger = acting(make_member(make_community()))

    with untouched():
        for room_id in (room.pk, uuid7()):
            with pytest.raises(NotFound) as refused:
                call(stranger, name, room=room_id, **body)
            assert (refused.value.text, refused.value.data) == (NotFound.message, {})
