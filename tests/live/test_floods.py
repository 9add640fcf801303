"""Clients that send too much, never to an end, or nothing at all, against a gateway with the limits of production: each is closed in time.

The process is one of its own, with a short heartbeat, so that tests need not wait long for silence to be noticed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from tests.live.people import Person, found_place, sign_up
from tests.live.raw_socket import PING, TEXT, RawSocket, frame
from tests.servers import ServerGroup, server_group

MEGABYTE = 1_000_000
SILENT_WITHIN = 20.0


@pytest.fixture(scope="module")
def strict_group(database: str, server_name: str) -> Iterator[ServerGroup]:
    """Run one gateway that lets nobody do more than in production."""
    limits = {"RATE_SOCKET_FRAME": "120/60", "RATE_SOCKET_PROBLEM": "10/60"}
    waits = {"HEARTBEAT_SECONDS": "1", "HEARTBEAT_DEAD_SECONDS": "3", "SOCKET_AUTH_SECONDS": "1"}
    with server_group(database, server=server_name, processes=1, worker=False, **limits, **waits) as group:
        yield group


@pytest.fixture
async def mallory(strict_group: ServerGroup) -> AsyncIterator[Person]:
    """Return somebody with an account and bad intentions; afterwards everybody else must still be served."""
    person = await sign_up(strict_group, "mallory")
    yield person
    bystander = await person.connect()
    assert await bystander.command("ping") == {}
    await person.leave()


async def greeted(person: Person, *, receive_buffer: int | None = None) -> RawSocket:
    """Return a socket that has read its greeting."""
    address = person.servers.gateways[0].address
    raw = await RawSocket.connect(address, receive_buffer=receive_buffer)
    await raw.upgrade(address, token=person.access)
    assert b'"hello"' in (await raw.read_frame())[1]
    return raw


async def send_until_closed(raw: RawSocket, data: bytes, *, pause: float = 0.0) -> None:
    """Send the same again and again, for as long as the server takes it."""
    with suppress(ConnectionError):
        async with asyncio.timeout(SILENT_WITHIN):
            while not raw.reader.at_eof():
                await raw.send(data)
                await asyncio.sleep(pause)


async def close_of(raw: RawSocket, data: bytes, *, pause: float = 0.0) -> tuple[list[dict], int | None]:
    """Send the same until closed; return what the server said, and the code that it closed with."""
    sending = asyncio.create_task(send_until_closed(raw, data, pause=pause))
    try:
        texts, code = await raw.texts_until_close()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await raw.abort()
    return [json.loads(line) for text in texts for line in text.split("\n")], code


ENDLESS = {
    "a message whose parts go on": (frame(TEXT, b'{"t":"', fin=False), frame(0x0, b"x", fin=False)),
    "a frame that is never complete": (frame(TEXT, b"x" * MEGABYTE)[:100], b"x"),
    "pings": (b"", frame(PING, b"alive")),
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_what_never_becomes_a_message_is_no_sign_of_life(mallory, kind):
    first, again = ENDLESS[kind]
    raw = await greeted(mallory)
    await raw.send(first)
    assert await close_of(raw, again, pause=0.1) == ([], 4000)


async def test_who_never_proves_who_they_are_is_sent_away_whatever_else_they_send(mallory):
    address = mallory.servers.gateways[0].address
    raw = await RawSocket.connect(address)
    await raw.upgrade(address)
    (problem,), code = await close_of(raw, frame(PING, b"soon"), pause=0.05)
    assert (problem["d"]["code"], code) == ("auth.timeout", 4501)


FLOODS = {
    "largest messages": (frame(TEXT, b"x" * 2 * MEGABYTE), "frame.too_large", 4500),
    "tiny frames in one message": (frame(TEXT, b"{}\n" * 5_000), "request.invalid", 4500),
    "frames of unknown commands": (frame(TEXT, b'{"t":"x"}\n' * 1_000), "command.unknown", 4500),
    "frames within the rules": (frame(TEXT, b'{"t":"ping"}\n' * 1_000), "rate.limited", 4029),
    "empty messages": (frame(TEXT, b"") * 500, "rate.limited", 4029),
    "messages of empty lines": (frame(TEXT, b"\n" * 10_000) * 10, "rate.limited", 4029),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_of_frames_is_answered_ten_times_and_closed(mallory, kind):
    """The answer to the eleventh goes out before the close."""
    data, problem, close = FLOODS[kind]
    memory = mallory.servers.gateways[0].resident_bytes()
    answers, code = await close_of(await greeted(mallory), data)
    problems = [answer["d"]["code"] for answer in answers if answer["t"] == "problem"]
    assert problems == [problem] * 11
    assert code == close
    assert mallory.servers.gateways[0].resident_bytes() - memory < 20 * MEGABYTE


@pytest.mark.parametrize("server_name", ["uvicorn"], indirect=True)
async def test_a_flood_of_pings_is_closed(mallory):
    answers, code = await close_of(await greeted(mallory), frame(PING, b"x" * 125) * 100)
    assert (answers, code) == ([], 4029)


async def test_who_floods_with_pings_and_never_reads_costs_no_memory_and_is_closed(mallory):
    """daphne does not count pings, but does not listen either to who does not read."""
    gateway = mallory.servers.gateways[0]
    raws = [await greeted(mallory, receive_buffer=4096) for _ in range(4)]
    memory = gateway.resident_bytes()
    for raw in raws:
        raw.writer.transport.pause_reading()
        raw.writer.write(frame(PING, b"x" * 125) * (20 * MEGABYTE // 131))
    async with asyncio.timeout(2 * SILENT_WITHIN):
        while any(gateway.holds(raw.address) for raw in raws):
            await asyncio.sleep(0.1)
            assert gateway.resident_bytes() - memory < 20 * MEGABYTE
    for raw in raws:
        await raw.abort()


async def test_who_asks_for_replays_on_and_on_and_reads_none_costs_little_memory_and_is_closed(mallory):
    gateway = mallory.servers.gateways[0]
    place = await found_place(mallory)
    await place.write(mallory, *["x" * 3_900] * 100)
    raws = [await greeted(mallory, receive_buffer=4096) for _ in range(4)]
    memory = gateway.resident_bytes()
    follow = json.dumps({"t": "topic.follow", "ref": "r", "d": {"topic": place.topic, "after": 0}}).encode()
    for raw in raws:
        raw.writer.transport.pause_reading()
        raw.writer.write(frame(TEXT, b"\n".join([follow] * 100)))
    async with asyncio.timeout(2 * SILENT_WITHIN):
        while any(gateway.holds(raw.address) for raw in raws):
            await asyncio.sleep(0.1)
            assert gateway.resident_bytes() - memory < 20 * MEGABYTE
    for raw in raws:
        await raw.abort()


@pytest.mark.parametrize("server_name", ["uvicorn"], indirect=True)
async def test_an_upgrade_that_never_ends_is_cut_off(mallory):
    """daphne waits a minute after each byte, and no more than 16 KiB of them."""
    raw = await RawSocket.connect(mallory.servers.gateways[0].address)
    await raw.send(b"GET /ws/v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX: ")
    sending = asyncio.create_task(send_until_closed(raw, b"x", pause=0.2))
    async with asyncio.timeout(SILENT_WITHIN):
        assert (await raw.reader.read()).startswith(b"HTTP/1.1 408 ")
    await sending


async def test_an_upgrade_with_endless_headers_is_refused(mallory):
    gateway = mallory.servers.gateways[0]
    memory = gateway.resident_bytes()
    raw = await RawSocket.connect(gateway.address)
    await raw.send(b"GET /ws/v1 HTTP/1.1\r\nHost: x\r\n")
    sending = asyncio.create_task(send_until_closed(raw, b"X-Header: " + b"x" * 1_000 + b"\r\n"))
    assert await raw.ended()
    await sending
    assert gateway.resident_bytes() - memory < 5 * MEGABYTE
