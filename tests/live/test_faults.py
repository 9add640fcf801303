"""Redis gone, PostgreSQL gone, a client that does not read: who can go on goes on, and nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator
from typing import Self
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.live.people import Place, bodies_of, new_nonce, seqs_of
from tests.live.raw_socket import TEXT, RawSocket, frame
from tests.servers import ServerGroup
from tests.socket_client import SocketClient
from tests.web_sockets import Problem

POOL_SIZE = 20


@pytest.fixture
async def ann(place: Place) -> SocketClient:
    """Ann is on the first process."""
    socket = await place.people[0].connect(0, reconnect=True)
    await place.follow(socket)
    return socket


@pytest.fixture
async def ben(place: Place) -> SocketClient:
    """Ben is on the second process."""
    socket = await place.people[1].connect(1, reconnect=True)
    await place.follow(socket)
    return socket


class Conversation:
    """Two people who write and listen at once for the length of the block; at its end each must have heard everything, once, in order.

    `said` is what was acknowledged so far: whatever breaks, each message is sent again until it is.
    """

    def __init__(self, place: Place, **sockets: SocketClient) -> None:
        self.said: dict[str, list[str]] = {name: [] for name in sockets}
        self._place = place
        self._sockets = sockets
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._talks = [asyncio.create_task(self._talk(name)) for name in self._sockets]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._over.set()
        if kind is not None:
            for talking in self._talks:
                talking.cancel()
            return
        await asyncio.gather(*self._talks)
        for socket in self._sockets.values():
            frames = await socket.events(self._place.topic, sum(map(len, self.said.values())), 20)
            heard = bodies_of(frames)
            assert {name: [body for body in heard if body.startswith(name)] for name in self.said} == self.said
            assert seqs_of(frames) == list(range(2, len(heard) + 2))
            assert (socket.violations, socket.lost) == ([], [])

    async def _talk(self, name: str) -> None:
        while not self._over.is_set():
            body = f"{name} {len(self.said[name])}"
            await self._sockets[name].say(self._place.room, body, nonce=body)
            self.said[name].append(body)
            await asyncio.sleep(0.01)

    async def goes_on(self) -> None:
        """Wait until each of them was acknowledged once more than now."""
        wanted = {name: len(said) + 1 for name, said in self.said.items()}
        async with asyncio.timeout(20):
            while any(len(self.said[name]) < amount for name, amount in wanted.items()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_redis_is_killed_and_comes_back_and_two_processes_lose_nothing(place, servers, ann, ben):
    async with Conversation(place, ann=ann, ben=ben) as conversation:
        await conversation.goes_on()
        servers.redis.child.kill()
        await asyncio.sleep(1.2)  # more than a comparison of heads
        servers.revive()
        await conversation.goes_on()
    assert ann.closes == ben.closes == []


async def test_after_redis_came_back_the_doorbell_rings_again(place, servers, ann, ben):
    """Not only the comparison of heads, once a second here, brings messages to the other process."""
    servers.redis.child.kill()
    await asyncio.sleep(0.3)
    servers.revive()
    await doorbell_rings(place, ann, ben)


async def doorbell_rings(place: Place, writer: SocketClient, reader: SocketClient) -> None:
    """Wait until eight messages in a row cross so fast that the comparison of heads cannot have brought them."""
    quick = 0
    async with asyncio.timeout(20):
        while quick < 8:
            quick = quick + 1 if await crossing_time(place, writer, reader) < 0.2 else 0


async def crossing_time(place: Place, writer: SocketClient, reader: SocketClient) -> float:
    """Return how long a message takes from the writer to the reader."""
    amount = len(reader.received[place.topic]) + 1
    began = time.monotonic()
    await writer.command("message.send", room=place.room, body="Knock", nonce=new_nonce())
    await reader.events(place.topic, amount)
    return time.monotonic() - began


async def test_without_redis_people_log_in_write_and_read_and_only_tickets_have_to_wait(place, servers, ann, ben):
    servers.redis.child.kill()
    await place.write(place.founder, "Over REST")
    assert bodies_of(await ben.events(place.topic, 1)) == ["Over REST"]
    history = await place.people[1].call("GET", f"rooms/{place.room}/messages", at=1)
    assert [item["body"] for item in history["items"]] == ["Over REST"]
    again = await place.people[1].connect(0)
    assert (await again.follow(place.topic, after=0))["recovered"] is True
    refused = await place.founder.request("POST", "gateway/ticket")
    assert (refused.status_code, refused.json()["code"], refused.json()["retryable"]) == (
        503,
        "service.unavailable",
        True,
    )


async def test_a_process_that_starts_without_redis_serves_and_finds_redis_when_it_comes(place, servers, ben):
    servers.redis.child.kill()
    servers.gateways[0].kill()
    servers.gateways[0].child.start()
    ann = await place.people[0].connect(0)
    await place.follow(ann)
    assert await crossing_time(place, ben, ann) < 5
    assert await crossing_time(place, ann, ben) < 5
    servers.revive()
    await doorbell_rings(place, ann, ben)
    await doorbell_rings(place, ben, ann)


@pytest.fixture
def database_gate(servers: ServerGroup) -> Iterator[DatabaseGate]:
    """Return what takes the database away and gives it back."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        gate = DatabaseGate(connection, urlsplit(servers.database_url).path.removeprefix("/"))
        yield gate
        gate.open()
        for gateway in servers.gateways:
            use_up_dead_connections(gateway.url)


def use_up_dead_connections(url: str) -> None:
    """Ask for something in the database until every connection of the process's pool was replaced: each that died costs one answer."""
    good = 0
    with httpx.Client(trust_env=False, timeout=10) as client:
        while good < POOL_SIZE:
            answer = client.post(f"{url}/api/v1/auth/login", json={"login": "nobody", "password": "nothing"})
            good = good + 1 if answer.status_code == httpx.codes.UNAUTHORIZED else 0


class DatabaseGate:
    """Ends the backends of the servers' database, and lets no new ones in until it is opened."""

    def __init__(self, connection: psycopg.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    def terminate(self) -> int:
        """End every backend of the servers and return how many there were."""
        ended = self._connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s", [self._name]
        ).fetchone()
        assert ended is not None
        return int(ended[0])

    def close(self) -> None:
        """Take the database away."""
        self._connection.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS false'.encode())
        self.terminate()

    def open(self) -> None:
        """Give it back."""
        self._connection.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS true'.encode())


async def test_all_backends_of_postgresql_are_ended_again_and_again_and_nothing_is_lost(place, ann, ben, database_gate):
    async with Conversation(place, ann=ann, ben=ben) as conversation:
        for _ in range(2):
            await conversation.goes_on()
            assert database_gate.terminate() > 0
    assert ann.closes == ben.closes == []


async def test_while_postgresql_is_away_the_answer_is_a_retryable_problem_and_sockets_stay(
    place, ann, ben, database_gate
):
    database_gate.close()
    with pytest.raises(Problem) as refused:
        await ann.command("message.send", room=place.room, body="Lost?", nonce="same")
    over_rest = await place.people[1].request("GET", f"rooms/{place.room}/messages", at=1)
    database_gate.open()
    assert (refused.value.code, refused.value.retryable) == ("service.unavailable", True)
    assert refused.value.body["retry_after"] > 0
    assert (over_rest.status_code, over_rest.json()["code"]) == (503, "service.unavailable")
    assert over_rest.json()["retryable"] is True
    assert int(over_rest.headers["Retry-After"]) > 0
    await ann.say(place.room, "Lost?", nonce="same")
    assert bodies_of(await ben.events(place.topic, 1)) == ["Lost?"]
    assert ann.closes == ben.closes == []


async def test_after_an_outage_of_postgresql_all_recovers_within_seconds(place, ann, ben, database_gate):
    async with Conversation(place, ann=ann, ben=ben) as conversation:
        await conversation.goes_on()
        database_gate.close()
        await asyncio.sleep(2)
        database_gate.open()
        opened = time.monotonic()
        await conversation.goes_on()
        assert time.monotonic() - opened < 5


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


@pytest.mark.parametrize("server_name", ["uvicorn"], indirect=True)
async def test_who_does_not_read_is_closed_and_costs_little_memory_and_the_others_are_served(place, servers):
    """daphne takes whatever it is given and keeps it in memory: no gateway can tell that a client does not read."""
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
