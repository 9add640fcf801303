"""Who is let in when many come at once, and what the others are told."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions.tickets import issue_ticket
from gateway.admission import Admission, ReconnectAdvice
from project.asgi import application
from tests.factories.accounts import actor_with_session, make_user

WAIT_SECONDS = 30.0


def test_a_burst_is_let_in_and_then_as_many_as_the_rate_allows():
    admission = Admission(per_second=10, burst=3, now=0.0)
    assert [admission.take(0.0) for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(0.1)]
    assert admission.take(0.05) == pytest.approx(0.05)
    assert [admission.take(0.2), admission.take(0.2)] == [0.0, 0.0]
    assert admission.take(0.2) > 0
    assert [admission.take(99.0) for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(0.1)]


@given(
    per_second=st.integers(1, 1_000),
    burst=st.integers(1, 1_000),
    steps=st.lists(st.floats(0, 2, allow_nan=False), max_size=60),
)
def test_in_no_time_more_are_let_in_than_burst_and_rate_allow(per_second, burst, steps):
    admission = Admission(per_second, burst, now=0.0)
    now, let_in = 0.0, 0
    for step in steps:
        now += step
        let_in += admission.take(now) == 0.0
        assert let_in <= burst + now * per_second + 1e-6


def test_clients_are_told_to_come_back_over_the_time_in_which_they_can_be_let_in():
    admission = Admission(per_second=1_000, burst=1, now=0.0)
    assert admission.advice(0) == admission.advice(900) == ReconnectAdvice(min_ms=100, max_ms=1_000)
    assert admission.advice(5_000).max_ms == 5_000
    assert admission.advice(5_000, not_before=2.0) == ReconnectAdvice(min_ms=2_100, max_ms=7_000)
    assert admission.advice(1_000_000).max_ms == 30_000


def arriving(*, subprotocol: str = "portcullis.v1", extensions: dict | None = None) -> WebsocketCommunicator:
    communicator = WebsocketCommunicator(application, "/ws/v1", subprotocols=[subprotocol])
    communicator.scope["extensions"] = extensions or {}
    return communicator


async def answers(communicator: WebsocketCommunicator) -> list[dict]:
    """Return everything that the server says to the upgrade."""
    await communicator.send_input({"type": "websocket.connect"})
    await communicator.wait(WAIT_SECONDS)
    said = []
    while not communicator.output_queue.empty():
        said.append(communicator.output_queue.get_nowait())
    return said


def full(gateway, settings) -> None:
    settings.SOCKET_CONNECTIONS_MAX = 0


def draining(gateway, settings) -> None:
    gateway.draining = True


def too_many_at_once(gateway, settings) -> None:
    gateway.admission = Admission(per_second=1, burst=1, now=gateway.now())
    assert gateway.admission.take(gateway.now()) == 0.0


@pytest.mark.parametrize("reason", [full, draining, too_many_at_once])
async def test_who_is_not_let_in_gets_503_and_when_to_come_back_before_the_upgrade(gateway, settings, reason):
    reason(gateway, settings)
    start, body = await answers(arriving(extensions={"websocket.http.response": {}}))
    headers = dict(start["headers"])
    problem = json.loads(body["body"])
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 503)
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"retry-after"] == str(problem["retry_after"]).encode()
    assert 1 <= problem["retry_after"] <= 30
    assert (problem["code"], problem["retryable"]) == ("service.unavailable", True)
    assert not gateway.connections


@pytest.mark.parametrize(("reason", "code"), [(full, 4029), (draining, 4001), (too_many_at_once, 4029)])
async def test_where_the_server_cannot_answer_the_upgrade_a_frame_tells_when_to_come_back(
    gateway, settings, reason, code
):
    reason(gateway, settings)
    accept, goodbye, close = await answers(arriving())
    frame = json.loads(goodbye["text"])
    assert accept == {"type": "websocket.accept", "subprotocol": "portcullis.v1"}
    assert frame["t"] == "reconnect"
    assert 100 <= frame["d"]["after_ms"] <= 2_000
    assert (close["type"], close["code"]) == ("websocket.close", code)
    assert not gateway.connections


async def test_a_client_of_messagepack_is_told_in_messagepack(gateway):
    gateway.draining = True
    accept, goodbye, _ = await answers(arriving(subprotocol="portcullis.v1.msgpack"))
    assert accept["subprotocol"] == "portcullis.v1.msgpack"
    assert b"reconnect" in goodbye["bytes"]


async def test_those_who_wait_as_told_are_let_in_and_a_refusal_has_used_nothing_up(gateway, connect, monkeypatch):
    user = await sync_to_async(make_user)()
    clock = gateway.now()
    monkeypatch.setattr(gateway, "now", lambda: clock)
    gateway.admission = Admission(per_second=1, burst=1, now=clock)
    await connect(user)
    for _ in range(3):
        assert len(await answers(arriving(extensions={"websocket.http.response": {}}))) == 2
    clock += 1.0
    client = await connect(user)
    assert client.hello["d"]["reconnect"] == {"min_ms": 100, "max_ms": 2_000}


async def test_a_ticket_is_not_used_up_by_a_refusal(gateway, open_socket):
    actor = await sync_to_async(actor_with_session)(await sync_to_async(make_user)())
    ticket = (await sync_to_async(issue_ticket)(actor)).ticket
    gateway.draining = True
    refused = WebsocketCommunicator(application, f"/ws/v1?ticket={ticket}", subprotocols=["portcullis.v1"])
    assert (await answers(refused))[-1]["code"] == 4001
    gateway.draining = False
    assert (await (await open_socket(f"/ws/v1?ticket={ticket}")).frame())["t"] == "hello"


async def test_a_page_of_another_origin_learns_nothing_of_the_load(gateway, settings):
    settings.SOCKET_CONNECTIONS_MAX = 0
    communicator = arriving(extensions={"websocket.http.response": {}})
    communicator.scope["headers"] = [(b"origin", b"https://evil.example"), (b"host", b"chat.example")]
    assert [message["type"] for message in await answers(communicator)] == ["websocket.close"]


async def test_the_greeting_says_over_which_time_to_come_back_after_a_break(connect):
    client = await connect(await sync_to_async(make_user)())
    assert client.hello["d"]["reconnect"] == {"min_ms": 100, "max_ms": 1_000}
