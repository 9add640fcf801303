"""Clients that do not read: they are closed within their budget, they alone, and learn why if they read again soon."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import pytest

from tests.live.people import Place, new_nonce
from tests.live.raw_socket import TEXT, RawSocket, frame
from tests.servers import ServerGroup
from tests.socket_client import SocketClient

SLOW = 10
LINES = 500
BODY = "海" * 3_900
"""Three bytes each: about 12 KB, still less than the largest frame."""


async def slow_reader(place: Place, servers: ServerGroup) -> RawSocket:
    """Return a socket that follows the room and then does not read any more."""
    raw = await RawSocket.connect(servers.gateways[0].address, receive_buffer=4096)
    await raw.upgrade(servers.gateways[0].address, token=place.people[1].access)
    await raw.send(frame(TEXT, json.dumps({"t": "topic.follow", "ref": "1", "d": {"topic": place.topic}}).encode()))
    while b'"ref":"1"' not in (await raw.read_frame())[1]:
        pass
    raw.writer.transport.pause_reading()
    return raw


async def test_who_does_not_read_is_closed_and_costs_little_memory_and_the_others_are_served(place, servers):
    gateway = servers.gateways[0]
    cleo = await place.people[1].connect(0)
    await place.follow(cleo)
    slow = [await slow_reader(place, servers) for _ in range(SLOW)]
    before = gateway.resident_bytes()
    writers = [await place.founder.connect(0) for _ in range(4)]
    slowest = await asyncio.gather(*(write_lines(writer, place, cleo) for writer in writers))
    await cleo.events(place.topic, LINES, 30)
    grown = gateway.resident_bytes() - before
    assert cleo.closes == cleo.violations == []
    assert grown < 40_000_000, f"{grown:,} bytes for {SLOW * LINES * len(BODY.encode()):,} that nobody took"
    assert max(slowest) < 2
    codes = await asyncio.gather(*(code_of(raw) for raw in slow))
    assert set(codes) <= {4008, None}
    assert 4008 in codes or codes == [None] * SLOW


async def test_who_reads_again_soon_after_it_was_too_slow_learns_so_from_the_close_code(place, servers):
    slow = await slow_reader(place, servers)
    cleo = await place.people[1].connect(0)
    await flood_until(lambda: "too_slow" in servers.new_logs()["gateway 1"], place)
    assert await code_of(slow) == 4008
    assert await cleo.command("ping") == {}


async def test_who_never_reads_again_is_cut_off(place, servers):
    slow = await slow_reader(place, servers)
    assert servers.gateways[0].holds(slow.address)
    await flood_until(lambda: "too_slow" in servers.new_logs()["gateway 1"], place)
    async with asyncio.timeout(60):
        while servers.gateways[0].holds(slow.address):  # noqa: ASYNC110  # only the kernel knows
            await asyncio.sleep(0.1)
    await slow.abort()


async def flood_until(over: Callable[[], bool], place: Place) -> None:
    """Write large lines into the room, a few at a time, until a condition holds."""
    writers = [await place.founder.connect(0) for _ in range(4)]
    async with asyncio.timeout(60):
        while not over():
            await asyncio.gather(
                *(
                    writer.command("message.send", room=place.room, body=BODY, nonce=new_nonce())
                    for writer in writers
                    for _ in range(4)
                )
            )


async def write_lines(writer: SocketClient, place: Place, cleo: SocketClient) -> float:
    """Write a share of the lines, and return the longest that one took to be acknowledged."""
    longest = 0.0
    for _ in range(LINES // 4):
        began = time.monotonic()
        await writer.command("message.send", room=place.room, body=BODY, nonce=new_nonce())
        longest = max(longest, time.monotonic() - began)
    return longest


async def code_of(raw: RawSocket) -> int | None:
    """Read again, and return the code that the server closed with; None when it just dropped the connection."""
    raw.writer.transport.resume_reading()
    _, code = await raw.texts_until_close()
    await raw.abort()
    return code


COMMANDS = {
    "acknowledgements": {"t": "ping", "ref": "r" * 64},
    "problems": {"t": "no.such.command", "ref": "r" * 64},
}


@pytest.mark.parametrize("server_name", ["uvicorn"], indirect=True)
@pytest.mark.parametrize("kind", COMMANDS)
async def test_who_asks_on_and_on_and_reads_no_answer_is_closed_within_the_budget(place, servers, kind):
    """daphne does not listen to who does not read: no answers pile up there, and the heartbeat ends it (`test_floods`)."""
    gateway = servers.gateways[0]
    bystander = await place.founder.connect(0)
    slow = await slow_reader(place, servers)
    before = gateway.resident_bytes()
    line = json.dumps(COMMANDS[kind]).encode()
    asking = asyncio.create_task(ask_until_closed(slow, frame(TEXT, b"\n".join([line] * 100))))
    async with asyncio.timeout(60):
        while "too_slow" not in servers.new_logs()["gateway 1"]:  # noqa: ASYNC110  # it says so in its log alone
            await asyncio.sleep(0.1)
    assert gateway.resident_bytes() - before < 40_000_000
    assert await bystander.command("ping") == {}
    await slow.abort()
    await asyncio.gather(asking, return_exceptions=True)


async def ask_until_closed(raw: RawSocket, message: bytes) -> None:
    """Send a message again and again; raises when the connection is gone."""
    while True:
        await raw.send(message)
