"""Frames in, answers out: what is wrong is named, one bad frame harms nobody, and who goes on like this is closed."""

from __future__ import annotations

import contextlib

import msgpack
import msgspec
import pytest
from asgiref.sync import sync_to_async
from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatch import _OWN
from gateway.frames import ClientFrame, decode_frame, split_msgpack
from kernel.commands import Done, RegisteredCommand, registered_commands
from kernel.errors import Conflict, InvalidInput
from kernel.rate_limits import RateLimit
from tests.factories.accounts import make_user, sign_in


@pytest.fixture
async def client(connect):
    return await connect(await sync_to_async(make_user)())


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("nonsense", "request.invalid", None),
        ("{", "request.invalid", None),
        ("[]", "request.invalid", None),
        ("null", "request.invalid", None),
        ('{"d":{}}', "request.invalid", "t"),
        ('{"t":7}', "request.invalid", "t"),
        ('{"t":"ping","ref":7}', "request.invalid", "ref"),
        ('{"t":"ping","extra":1}', "request.invalid", "extra"),
        ('{"t":"' + "x" * 65 + '"}', "request.invalid", "t"),
        ('{"t":"volcano.erupt"}', "command.unknown", "t"),
        ('{"t":"topic.follow"}', "request.invalid", "topic"),
        ('{"t":"topic.follow","d":7}', "request.invalid", None),
        ('{"t":"topic.follow","d":{"topic":7}}', "request.invalid", "topic"),
        ('{"t":"topic.follow","d":{"topic":"room:1","after":-1}}', "request.invalid", "after"),
        ('{"t":"topic.follow","d":{"topic":"room:1","after":1e99}}', "request.invalid", "after"),
        ('{"t":"topic.follow","d":{"topic":"room:\\u0000"}}', "request.invalid", "topic"),
        ('{"t":"topic.follow","d":{"topic":"room:1"}}', "request.invalid", "topic"),
        ('{"t":"ping","d":{"x":' + "[" * 8000 + "]" * 8000 + "}}", "request.invalid", None),
        ("[" * 16000, "request.invalid", None),
        ('{"t":"ping","d":{"x":"' + "x" * 16384 + '"}}', "frame.too_large", None),
        ("\ud800", "request.invalid", None),
    ],
)
async def test_a_bad_frame_gets_one_problem_that_names_the_field(client, text, code, field):
    await client.send(text)
    problem = await client.frame()
    assert (problem["t"], problem["d"]["code"], problem["d"]["field"]) == ("problem", code, field)
    assert problem["d"]["retryable"] is False
    assert (await client.command("ping"))["t"] == "ok"


async def test_several_commands_in_one_message_are_answered_in_order_whatever_becomes_of_each(client):
    await client.send('{"t":"ping","ref":"a"}\n{"t":"volcano","ref":"b"}\n\n  \n{"t":"ping","ref":"c"}')
    answers = await client.frames(3)
    assert [(answer["t"], answer["ref"]) for answer in answers] == [("ok", "a"), ("problem", "b"), ("ok", "c")]


async def test_binary_messages_are_refused_on_the_json_protocol(client):
    await client.communicator.send_input({"type": "websocket.receive", "bytes": b"\x81\xa1t\xa4ping"})
    assert (await client.frame())["d"]["message"] == "This subprotocol takes text messages."


async def test_ten_bad_frames_in_a_minute_are_borne_and_the_next_closes_the_socket(client):
    for _ in range(11):
        await client.send("nonsense")
    assert [frame["t"] for frame in await client.frames(11)] == ["problem"] * 11
    assert await client.close_code() == 4500


async def test_there_is_no_command_without_the_limit_of_frames(client, gateway):
    (connection,) = gateway.connections
    connection.frames_limit.limit = RateLimit("socket.frame", 1, 60)
    connection.problems_limit.limit = RateLimit("socket.problem", 1_000, 60)
    await client.send('{"t":"ping"}')
    assert (await client.frame())["t"] == "ok"
    for command in [*registered_commands(), *_OWN]:
        await client.send(f'{{"t":"{command}","ref":"r","d":{{}}}}')
        refused = await client.frame()
        assert (refused["ref"], refused["d"]["code"], refused["d"]["limit"]) == ("r", "rate.limited", "socket.frame")


async def test_more_frames_than_the_limit_are_refused_with_the_time_to_wait_and_then_close_the_socket(
    client, monkeypatch, gateway
):
    (connection,) = gateway.connections
    connection.frames_limit.limit = RateLimit("socket.frame", 2, 60)
    await client.send("\n".join('{"t":"ping"}' for _ in range(14)))
    frames = await client.frames(13)
    assert [frame["t"] for frame in frames] == ["ok"] * 2 + ["problem"] * 11
    assert frames[2]["d"]["code"] == "rate.limited"
    assert frames[2]["d"]["limit"] == "socket.frame"
    assert 0 < frames[2]["d"]["retry_after"] <= 60
    assert await client.close_code() == 4029


async def test_a_domain_refusal_is_a_problem_with_its_code_and_does_not_count_as_a_bad_frame(client, monkeypatch):
    class Taken(Conflict):
        code = "tests.taken"

    refuse_ping(monkeypatch, Taken("Taken.", field="topic"))
    for _ in range(12):
        answer = await client.command("tests.refused")
        assert answer["d"] == {
            "code": "tests.taken",
            "message": "Taken.",
            "retryable": False,
            "retry_after": None,
            "missing": [],
            "remedy": None,
            "field": "topic",
            "limit": None,
        }


async def test_a_failure_on_our_side_is_a_problem_without_details(client, monkeypatch):
    refuse_ping(monkeypatch, RuntimeError("secret detail"))
    answer = await client.command("tests.refused")
    assert (answer["d"]["code"], "secret" in str(answer)) == ("internal", False)
    assert (await client.command("ping"))["t"] == "ok"


def refuse_ping(monkeypatch, error: Exception) -> None:
    """Register a command for this test that always fails."""
    from gateway.commands import Ping

    def handler(actor, command):
        raise error

    registry = {**registered_commands(), "tests.refused": RegisteredCommand(Ping, Done, handler)}
    monkeypatch.setattr("gateway.dispatch.registered_commands", lambda: registry)


async def test_a_messagepack_client_gets_the_same_objects(open_socket):
    tokens = await sync_to_async(lambda: sign_in(make_user()))()
    client = await open_socket(subprotocols=("portcullis.v1.msgpack", f"bearer.{tokens.access}"))
    greeting = await client.communicator.receive_output(5)
    assert msgspec.msgpack.decode(greeting["bytes"])["t"] == "hello"
    ping = msgspec.msgpack.encode({"t": "ping", "ref": "1"})
    await client.communicator.send_input({"type": "websocket.receive", "bytes": ping + ping})
    answered = b""
    while len(answered) < 2 * len(msgspec.msgpack.encode({"t": "ok", "ref": "1", "d": {}})):
        answered += (await client.communicator.receive_output(5))["bytes"]
    assert [msgspec.msgpack.decode(data) for data in split_msgpack(answered)] == [{"t": "ok", "ref": "1", "d": {}}] * 2


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_a_refusal_in_json(data):
    with contextlib.suppress(InvalidInput):
        assert isinstance(decode_frame(data, "json"), ClientFrame)


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_a_refusal_in_messagepack(data):
    with contextlib.suppress(InvalidInput):
        assert all(isinstance(decode_frame(item, "msgpack"), ClientFrame) for item in split_msgpack(data))


def test_messagepack_nested_too_deeply_is_refused():
    with pytest.raises(InvalidInput):
        for item in split_msgpack(b"\x91" * 10_000 + b"\xc0"):
            decode_frame(item, "msgpack")


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(0, 99), max_size=3), max_size=5))
def test_messagepack_objects_split_where_they_were_joined(objects):
    assert [msgpack.unpackb(item) for item in split_msgpack(b"".join(map(msgpack.packb, objects)))] == objects
