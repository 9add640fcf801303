"""Garbage inside of sockets gets a clear answer, and bystanders in the same process go on hearing each other."""

from __future__ import annotations

import json
import struct
import time
from contextlib import suppress
from uuid import uuid4

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live.people import new_nonce
from tests.live.raw_socket import BINARY, CLOSE, PING, TEXT, frame

GENERATED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
COMMANDS = [
    "auth",
    "ping",
    "topic.follow",
    "topic.unfollow",
    "message.send",
    "message.edit",
    "message.delete",
    "room.read",
    "typing.start",
]
FIELDS = ["t", "ref", "d", "token", "topic", "after", "room", "body", "nonce", "reply_to", "message", "seq"]
REFUSALS = {
    "auth.token_invalid",
    "command.unknown",
    "frame.too_large",
    "not_found",
    "request.invalid",
}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.uuids().map(str),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=12,
)
frames = st.fixed_dictionaries(
    {"t": st.sampled_from(COMMANDS) | st.text(max_size=70), "d": values},
    optional={"ref": st.text(max_size=70) | values},
)


def check_answers(answers: list[dict], expected: int) -> None:
    """Check that there is one answer to each object, and that every refusal is one that a client can act on."""
    assert [answer["t"] for answer in answers if answer["t"] not in ("ok", "problem")] == []
    assert len(answers) == expected
    for answer in answers:
        if answer["t"] == "problem":
            assert answer["d"]["code"] in REFUSALS
            assert answer["d"]["retryable"] is False
            assert answer["d"]["message"]


@GENERATED
@given(text=st.text(max_size=300) | st.lists(st.text(max_size=20), max_size=4).map("\n".join))
def test_any_text_is_answered(scene, text):
    async def play():
        check_answers(await scene.attack(text), sum(1 for line in text.split("\n") if line.strip()))
        await scene.talk_goes_on()

    scene.run(play())


@GENERATED
@given(value=values | frames | st.lists(frames, max_size=3))
def test_any_json_is_answered(scene, value):
    async def play():
        check_answers(await scene.attack(json.dumps(value)), 1)
        await scene.talk_goes_on()

    scene.run(play())


@GENERATED
@given(data=st.binary(max_size=200))
def test_any_bytes_are_answered_on_a_messagepack_socket(scene, data):
    async def play():
        for answer in await scene.attack(data, wire="msgpack"):
            check_answers([answer], 1)
        await scene.talk_goes_on()

    scene.run(play())


@GENERATED
@given(objects=st.lists(frames.filter(lambda value: packable(value)), max_size=3))
def test_any_messagepack_is_answered(scene, objects):
    async def play():
        check_answers(await scene.attack(b"".join(map(msgpack.packb, objects)), wire="msgpack"), len(objects))
        await scene.talk_goes_on()

    scene.run(play())


def packable(value: object) -> bool:
    try:
        msgpack.packb(value)
    except (OverflowError, UnicodeEncodeError):
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "\n" * 1_000_000,
        json.dumps({"t": "ping", "d": {"x": "x" * 1_000_000}}),
        "[" * 1_000_000,
        '{"t":"ping","d":' * 60_000,
    ],
    ids=["letters", "lines", "json", "nesting", "objects"],
)
def test_a_message_of_a_megabyte_is_refused_and_the_socket_goes_on(scene, text):
    (answer,) = scene.run(scene.attack(text))
    assert answer["d"]["code"] == "frame.too_large"
    scene.run(scene.talk_goes_on())


@pytest.mark.parametrize("opening", ["[", '{"d":', '{"t":"message.send","d":{"body":['])
def test_deep_nesting_is_refused(scene, opening):
    (answer,) = scene.run(scene.attack(opening * (16_000 // len(opening))))
    assert answer["d"]["code"] == "request.invalid"


@pytest.mark.parametrize("field", ["body", "nonce", "room", "reply_to"])
@pytest.mark.parametrize("text", ["\0", "a\0b", "x" * 5000, ""], ids=["NUL", "NUL inside", "long", "empty"])
def test_a_message_with_an_impossible_field_is_refused_with_the_field_named(scene, field, text):
    async def play():
        member = await scene.place.founder.connect()
        command = {"room": scene.place.room, "body": "Hello", "nonce": new_nonce(), field: text}
        await member.send_raw(json.dumps({"t": "message.send", "ref": "1", "d": command}))
        await member.command("ping")
        return member.notices[0]

    answer = scene.run(play())
    assert (answer["t"], answer["ref"], answer["d"]["code"]) == ("problem", "1", "request.invalid")
    assert answer["d"]["field"] == field


def test_half_a_surrogate_pair_is_refused_with_the_whole_frame(scene):
    (answer,) = scene.run(scene.attack('{"t":"message.send","ref":"1","d":{"body":"\\ud800"}}'))
    assert (answer["t"], answer["ref"], answer["d"]["code"]) == ("problem", None, "request.invalid")


# None: the server chooses. After megabytes the code may be lost with what was still on the way.
PROTOCOL_ERRORS = {
    "invalid UTF-8": (frame(TEXT, b'{"t":"ping\xff"}'), 1007),
    "half a character": (frame(TEXT, "ö".encode()[:1]), 1007),
    "overlong UTF-8": (frame(TEXT, b"\xc0\x80"), 1007),
    "a surrogate in UTF-8": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "no mask": (frame(TEXT, b'{"t":"ping"}', masked=False), 1002),
    "a reserved bit": (frame(TEXT, b"{}", reserved=4), 1002),
    "a reserved opcode": (frame(0x3, b""), 1002),
    "a reserved control opcode": (frame(0xB, b""), 1002),
    "a continuation of nothing": (frame(0x0, b"{}"), 1002),
    "a message inside of a message": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
    "a ping in parts": (frame(PING, b"", fin=False), 1002),
    "a large ping": (frame(PING, b"x" * 126), 1002),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a close with an impossible code": (frame(CLOSE, struct.pack("!H", 999)), 1002),
    "a close with a broken reason": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), None),
    "an announced length of 2^63": (b"\x81\xff" + struct.pack("!Q", 2**63) + bytes(4), None),
    "an announced length of an exabyte": (b"\x81\xff" + struct.pack("!Q", 10**18) + bytes(4), 1009),
    "three megabytes": (frame(TEXT, b"x" * 3_000_000), 1009),
    "three megabytes in parts": (
        frame(TEXT, b"x" * 1_000_000, fin=False) + 2 * frame(0x0, b"x" * 1_000_000, fin=False),
        1009,
    ),
}


@pytest.mark.parametrize("wrong", PROTOCOL_ERRORS)
def test_who_breaks_the_websocket_protocol_is_closed(scene, wrong):
    """With the code for it under uvicorn; daphne drops the connection without a word."""
    data, code = PROTOCOL_ERRORS[wrong]

    async def play():
        raw = await scene.upgraded()
        with suppress(ConnectionError):  # closed while we were still sending
            await raw.send(data)
        texts, close = await raw.texts_until_close()
        await scene.talk_goes_on()
        return texts, close

    texts, close = scene.run(play())
    assert texts == []
    if scene.servers.server == "uvicorn" and len(data) < 1_000_000:
        assert close == code or code is None


@GENERATED
@given(data=st.binary(min_size=1, max_size=300))
def test_any_bytes_on_an_open_socket_harm_nobody(scene, data):
    async def play():
        raw = await scene.upgraded()
        await raw.send(data)
        await scene.talk_goes_on()
        await raw.abort()

    scene.run(play())


def test_a_message_in_many_parts_is_one_message(scene):
    async def play():
        raw = await scene.upgraded()
        parts = [b'{"t":', b'"pi', b'ng","ref":"\xc3', b'\xb6"}']
        for number, part in enumerate(parts):
            await raw.send(frame(0x0 if number else TEXT, part, fin=number == len(parts) - 1))
            await raw.send(frame(PING, b"between"))
        while True:
            opcode, payload = await raw.read_frame()
            if opcode == TEXT:
                return json.loads(payload)

    assert scene.run(play()) == {"t": "ok", "ref": "ö", "d": {}}


def test_a_binary_message_on_the_text_protocol_is_refused(scene):
    async def play():
        raw = await scene.upgraded()
        await raw.send(frame(BINARY, b"\x81\xa1t\xa4ping"))
        _, payload = await raw.read_frame()
        return json.loads(payload)

    assert scene.run(play())["d"]["code"] == "request.invalid"


def test_foreign_and_absent_rooms_and_messages_get_the_same_answer_and_nothing_happens(scene):
    async def play():
        place, mallory = scene.place, await scene.attacker.connect()
        room = await place.new_room()
        (message,) = await place.write(place.founder, "Ours", room=room)
        foreign, absent = attempts(room, message["id"]), attempts(str(uuid4()), str(uuid4()))
        for number, (name, body) in enumerate([*foreign, *absent]):
            await mallory.send({"t": name, "ref": str(number), "d": body})
        await mallory.command("ping")
        history = await place.founder.call("GET", f"rooms/{room}/messages")
        return mallory.notices, [item["body"] for item in history["items"]]

    answers, bodies = scene.run(play())
    assert {(answer["t"], answer["d"]["code"]) for answer in answers} == {("problem", "not_found")}
    assert len({json.dumps(answer["d"]) for answer in answers}) == 1
    assert len(answers) == 12
    assert bodies == ["Ours"]


def attempts(room: str, message: str) -> list[tuple[str, dict]]:
    """Return a command of every kind on a room and a message."""
    return [
        ("topic.follow", {"topic": f"room:{room}", "after": 0}),
        ("message.send", {"room": room, "body": "Mine", "nonce": new_nonce()}),
        ("message.edit", {"message": message, "body": "Mine"}),
        ("message.delete", {"message": message}),
        ("room.read", {"room": room, "seq": 1}),
        ("typing.start", {"room": room}),
    ]


def test_a_flood_of_garbage_on_many_sockets_does_not_hold_up_the_talk(scene):
    async def play():
        floods = [await scene.upgraded() for _ in range(20)]
        for flood in floods:
            flood.writer.write(b"".join(frame(TEXT, b"garbage") for _ in range(200)))
        began = time.monotonic()
        for _ in range(10):
            await scene.talk_goes_on()
        return time.monotonic() - began

    assert scene.run(play()) < 5
