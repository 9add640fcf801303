"""Redis gone or stalled, PostgreSQL gone, the worker stalled: who can go on goes on, and nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from project.embedded.processes import Child
from tests.live.people import Place, bodies_of, new_nonce, seqs_of
from tests.live.test_metrics import scrape
from tests.servers import Gateway, ServerGroup
from tests.socket_client import SocketClient
from tests.web_sockets import Problem


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
            frames = await socket.events(self._place.topic, sum(map(len, self.said.values())), 60)
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
        async with asyncio.timeout(60):
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
    """Wait until eight messages in a row cross of which the doorbell told before the comparison of heads found them."""
    rung = 0
    async with asyncio.timeout(60):
        while rung < 8:
            rung = 0 if await crossed_unrung(place, writer, reader) else rung + 1


async def cross(place: Place, writer: SocketClient, reader: SocketClient) -> None:
    """Send a message, and wait until it is with the reader."""
    amount = len(reader.received[place.topic]) + 1
    await writer.command("message.send", room=place.room, body="Knock", nonce=new_nonce())
    await reader.events(place.topic, amount)


async def crossed_unrung(place: Place, writer: SocketClient, reader: SocketClient) -> bool:
    """Let a message cross; tell whether a comparison of heads found it, or anything else, before a doorbell told of it."""
    gateway = place.founder.servers.gateways[0]
    found = lost_rings(gateway)
    await cross(place, writer, reader)
    return lost_rings(gateway) > found


def lost_rings(gateway: Gateway) -> float:
    """Return how often a comparison of heads, in any process, found what no doorbell had told of."""
    return scrape(gateway)["portcullis_lost_rings_total",]


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
    assert await crossed_unrung(place, ben, ann)
    assert await crossed_unrung(place, ann, ben)
    servers.revive()
    await doorbell_rings(place, ann, ben)
    await doorbell_rings(place, ben, ann)


@contextmanager
def stalled(process: Child) -> Iterator[None]:
    """Stop a process for the length of the block, as a swapping or debugged one is: its connections stay open and say nothing."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def test_a_redis_that_stalls_holds_nobody_up_and_the_doorbell_rings_again_when_it_goes_on(
    place, servers, ann, ben
):
    """The limiter waits for it once, half a second here, then leaves it alone for a second; it may still do so since an earlier failure."""
    with stalled(servers.redis.child):
        began = time.monotonic()
        for _ in range(10):
            await cross(place, ann, ann)
        assert servers.new_logs()["gateway 1"].count("rate_limits_off") <= max(3, 1 + time.monotonic() - began)
        assert len(bodies_of(await ben.events(place.topic, 10))) == 10
        again = await place.people[1].connect(1)
        assert (await again.follow(place.topic, after=0))["recovered"] is True
        assert readiness(servers) == [(503, {"redis", "worker"})] * 2
    await doorbell_rings(place, ann, ben)
    await doorbell_rings(place, ben, ann)
    assert ann.closes == ben.closes == again.closes == []


async def test_a_stalled_worker_changes_nothing_for_who_talks(place, servers, ann, ben):
    with stalled(servers.worker):
        await doorbell_rings(place, ann, ben)
        await doorbell_rings(place, ben, ann)
        assert (await ben.follow(place.topic, after=0))["recovered"] is True


def readiness(servers: ServerGroup) -> list[tuple[int, set[str]]]:
    """Return the status of every gateway's `/readyz`, and which parts fail; all must be alive."""
    answers = []
    with httpx.Client(trust_env=False, timeout=60) as client:
        for gateway in servers.gateways:
            assert client.get(f"{gateway.url}/livez").status_code == 200
            answer = client.get(f"{gateway.url}/readyz")
            failing = {name for name, state in answer.json()["parts"].items() if state != "ok"}
            answers.append((answer.status_code, failing))
    return answers


async def test_readiness_names_what_is_away_and_comes_back_with_it(servers, database_gate):
    await asyncio.to_thread(servers.wait_until, "readyz")
    database_gate.close()
    assert readiness(servers) == [(503, {"database"})] * 2
    database_gate.open()
    servers.redis.child.kill()
    assert readiness(servers) == [(503, {"redis", "worker"})] * 2
    servers.revive()
    await asyncio.to_thread(servers.wait_until, "readyz")
    assert readiness(servers) == [(200, set())] * 2


@pytest.fixture
def database_gate(servers: ServerGroup) -> Iterator[DatabaseGate]:
    """Return what takes the database away and gives it back."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        gate = DatabaseGate(connection, urlsplit(servers.database_url).path.removeprefix("/"))
        yield gate
        gate.open()


class DatabaseGate:
    """Ends the backends of the servers' database, and lets no new ones in until it is opened."""

    def __init__(self, connection: psycopg.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    def terminate(self) -> int:
        """End every backend of the servers and return how many there were."""
        ended = self._connection.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = %s", [self._name]
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


async def log_in_at_once(servers: ServerGroup, amount: int) -> list[int]:
    """Have both processes ask the database many times at once; return the distinct statuses. Nobody has these names."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answers = await asyncio.gather(
            *(
                client.post(f"{gateway.url}/api/v1/auth/login", json={"login": new_nonce(), "password": "nothing"})
                for gateway in servers.gateways
                for _ in range(amount)
            )
        )
    return sorted({answer.status_code for answer in answers})


async def test_after_postgresql_has_restarted_not_a_single_call_fails(place, servers, ann, ben, database_gate):
    """Every connection of both pools is dead, and none of them costs an answer."""
    for _ in range(3):
        assert await log_in_at_once(servers, 40) == [401]
        assert database_gate.terminate() >= 4
        for writer in (ann, ben):
            await writer.command("message.send", room=place.room, body="At once", nonce=new_nonce())
        assert await log_in_at_once(servers, 40) == [401]
    assert ann.closes == ben.closes == []


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


async def test_after_an_outage_of_postgresql_all_recovers_by_itself(place, ann, ben, database_gate):
    async with Conversation(place, ann=ann, ben=ben) as conversation:
        await conversation.goes_on()
        database_gate.close()
        await asyncio.sleep(8)  # long enough for pauses between attempts to have grown
        database_gate.open()
        await conversation.goes_on()
