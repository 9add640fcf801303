"""What the server does for sockets of clients that misbehave below the level of messages: nothing piles up, and everything ends."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from gateway import bounded_protocol
from gateway.bounded_protocol import EXTRA_FRAMES_MAX, LATE_BYTES_MAX, SLICE_BYTES
from gateway.uvicorn_protocol import DirectWriteProtocol
from tests.live.raw_socket import PING, TEXT, frame

PONG, CLOSE = 0x8A, 0x88


class Transport:
    """A client's end that may take nothing."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closing = self.aborted = self.reading_paused = False

    def get_extra_info(self, name: str) -> None:
        return None

    def write(self, data: bytes) -> None:
        self.written += [data] if data else []

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.reading_paused = True

    def resume_reading(self) -> None:
        self.reading_paused = False


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # whatever the server does, it does on this loop
            await asyncio.sleep(0)


class Socket:
    """An open socket; what the application would do is told by the test."""

    def __init__(self) -> None:
        self.finish = asyncio.Event()
        self.transport = Transport()
        config = uvicorn.Config(self._serve, interface="asgi3", ws_per_message_deflate=False, log_config=None)
        config.load()
        self.protocol = DirectWriteProtocol(config, ServerState(), {})

    async def _serve(self, scope: dict, receive: object, send: object) -> None:
        await send({"type": "websocket.accept"})
        await self.finish.wait()

    async def open(self) -> Socket:
        client = ClientProtocol(parse_uri("ws://localhost/"))
        client.send_request(client.connect())
        self.protocol.connection_made(self.transport)
        self.protocol.data_received(b"".join(client.data_to_send()))
        await until(lambda: bool(self.transport.written))
        self.transport.written.clear()
        return self


@pytest.fixture
async def socket():
    socket = await Socket().open()
    yield socket
    socket.finish.set()
    if not socket.protocol.disconnected:
        socket.protocol.connection_lost(None)


async def test_a_connection_that_is_lost_goes_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        assert (await lost_connection())() is None
    finally:
        gc.enable()


async def lost_connection() -> weakref.ref[object]:
    """Open a socket, read from it and lose it; return a reference to what was parsed for."""
    socket = await Socket().open()
    protocol = socket.protocol
    del socket.protocol
    protocol.data_received(frame(TEXT, b"{}"))
    socket.finish.set()
    protocol.connection_lost(None)
    await until(lambda: not protocol.tasks)
    return weakref.ref(protocol.conn)


async def test_a_ping_is_answered_at_once(socket):
    socket.protocol.data_received(frame(PING, b"one"))
    assert socket.transport.written == [bytes([PONG, 3]) + b"one"]


async def test_who_pings_without_reading_gets_one_answer_to_the_last_ping_when_there_is_room_again(socket):
    socket.protocol.pause_writing()
    for number in range(100):
        socket.protocol.data_received(frame(PING, b"%03d" % number) * 5)
    assert socket.transport.written == []
    socket.protocol.resume_writing()
    socket.protocol.pause_writing()
    socket.protocol.resume_writing()
    assert socket.transport.written == [bytes([PONG, 3]) + b"099"]


async def test_who_writes_past_the_protocol_is_told_when_there_is_room_and_when_there_is_nobody(socket):
    told = []

    class Listener:
        def flow_changed(self) -> None:
            told.append(socket.protocol.paused)

    socket.protocol.listener = Listener()
    socket.protocol.pause_writing()
    socket.protocol.resume_writing()
    socket.protocol.connection_lost(None)
    assert told == [True, False, True]


def closes(socket: Socket) -> list[int]:
    """Return the codes that were closed with."""
    return [int.from_bytes(data[2:4]) for data in socket.transport.written if data[0] == CLOSE]


FLOODS = {
    "pings": frame(PING, b""),
    "pongs": frame(0xA, b""),
    "parts": frame(0x0, b"", fin=False),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_frames_that_say_nothing_are_counted_and_their_flood_is_closed_with_4029(socket, kind):
    socket.protocol.data_received(frame(TEXT, b"{", fin=False))
    for _ in range(EXTRA_FRAMES_MAX):
        socket.protocol.data_received(FLOODS[kind])
    assert not closes(socket)
    socket.protocol.data_received(FLOODS[kind] * 10)
    assert closes(socket) == [4029]


async def test_the_count_of_such_frames_begins_again_every_minute(socket, monkeypatch):
    monkeypatch.setattr(bounded_protocol, "EXTRA_FRAMES_SECONDS", -1.0)
    socket.protocol.data_received(frame(PING, b"") * (2 * EXTRA_FRAMES_MAX))
    assert not closes(socket)


async def test_no_more_messages_are_parsed_than_the_application_takes(socket):
    amount = 3 * SLICE_BYTES // 6
    socket.protocol.data_received(frame(TEXT, b"") * amount)
    taken = 0
    await socket.protocol.receive()  # the connect
    while taken < amount:
        assert len(socket.protocol.queue._messages) <= SLICE_BYTES // 6 + 1
        assert await socket.protocol.receive() == {"type": "websocket.receive", "text": ""}
        taken += 1
    assert socket.protocol.queue.empty()


async def test_a_message_larger_than_what_is_parsed_at_once_arrives_whole(socket):
    data = frame(TEXT, b"x" * (5 * SLICE_BYTES)) + frame(TEXT, b"y" * 10)
    for start in range(0, len(data), 7_000):
        socket.protocol.data_received(data[start : start + 7_000])
    await socket.protocol.receive()  # the connect
    messages = [await socket.protocol.receive() for _ in range(2)]
    assert [message["text"] for message in messages] == ["x" * (5 * SLICE_BYTES), "y" * 10]


async def test_after_a_close_little_is_read_and_then_nothing(socket):
    await socket.protocol.send({"type": "websocket.close", "code": 4000})
    late = frame(TEXT, b"x" * 1_000)
    for _ in range(LATE_BYTES_MAX // len(late)):
        socket.protocol.data_received(late)
    assert not socket.transport.reading_paused
    socket.protocol.data_received(late)
    assert socket.transport.reading_paused


async def test_the_answer_to_a_close_ends_the_connection_at_once(socket):
    await socket.protocol.send({"type": "websocket.close", "code": 4000})
    socket.protocol.data_received(frame(0x8, (4000).to_bytes(2)))
    assert socket.transport.closing


async def test_a_close_is_written_behind_what_the_client_has_not_taken(socket):
    socket.protocol.pause_writing()
    socket.protocol.write(b"waiting")
    await asyncio.wait_for(socket.protocol.send({"type": "websocket.close", "code": 4008}), 5)
    waiting, close = socket.transport.written
    assert (waiting, close[0], int.from_bytes(close[2:4])) == (b"waiting", CLOSE, 4008)


async def test_who_does_not_take_the_rest_of_a_socket_that_is_over_is_cut_off(socket, monkeypatch):
    monkeypatch.setattr(bounded_protocol, "LINGER_SECONDS", 0.0)
    socket.protocol.pause_writing()
    socket.finish.set()
    await until(lambda: socket.transport.aborted)
    assert socket.transport.closing


async def test_who_takes_the_rest_is_not_cut_off(socket):
    socket.finish.set()
    await until(lambda: socket.protocol._linger is not None)
    socket.protocol.connection_lost(None)
    assert socket.protocol._linger.cancelled()
