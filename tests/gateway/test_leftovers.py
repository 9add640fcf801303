"""Whoever has gone leaves nothing: a socket nothing for the collector, a person nothing in the registers of the gateway."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter, deque
from collections.abc import Mapping
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from redis.asyncio import Redis

from eventlog.topics import topic_for
from gateway.connection import Connection
from gateway.session_watch import SessionWatch
from kernel.ids import uuid7
from tests.factories.accounts import make_user
from tests.factories.chat import make_room
from tests.factories.communities import make_member

WAIT_SECONDS = 30.0


@pytest.fixture
def no_collector():
    """Stop the collector, so that only what nobody refers to goes."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_sockets_that_have_gone_leave_no_cycles_behind(gateway, connect, no_collector):
    for _ in range(3):
        user = await sync_to_async(make_user)()
        client = await connect(user)
        assert (await client.command("topic.follow", topic=topic_for("user", user.pk)))["t"] == "ok"
        assert (await client.command("nonsense"))["t"] == "problem"
        await client.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await client.communicator.wait(WAIT_SECONDS)
    assert not gateway.connections
    assert [one for one in gc.get_objects() if isinstance(one, Connection | SessionWatch)] == []


async def test_what_the_gateway_keeps_of_people_is_gone_with_them(gateway, connect, community):
    """Every register that can be reached from the gateway has as many entries as before, its connection to Redis included."""
    clock = [0.0]
    gateway.presence.reporter._clock = lambda: clock[0]
    gateway.hub._lingering._seconds = 0.0
    room = await sync_to_async(make_room)(community)
    await go(await come(gateway, connect, community, room, people=1))
    clock[0] += settings.PRESENCE_OFFLINE_SECONDS
    await forget_the_gone(gateway)
    before = registers(gateway)
    clients = await come(gateway, connect, community, room, people=3)
    assert {path.rpartition(".")[2] for path in registers(gateway) - before} >= FILLED
    await go(clients)
    clock[0] += settings.PRESENCE_OFFLINE_SECONDS
    await forget_the_gone(gateway)
    assert registers(gateway) == before
    assert gateway.hub.topics == gateway.hub._memories.used == 0


async def test_what_redis_keeps_of_people_expires_when_they_have_gone(gateway, connect, community):
    clock = [0.0]
    gateway.presence.reporter._clock = lambda: clock[0]
    gateway.hub._lingering._seconds = 0.0
    room = await sync_to_async(make_room)(community)
    clients = await come(gateway, connect, community, room, people=2)
    users = {UUID(client.hello["d"]["user"]["id"]).hex for client in clients}
    process = gateway.presence.reporter.name
    assert await lasting(users | {process}) == {f"presence:user:{user}" for user in users} | {
        f"presence:held:{process}"
    }
    await go(clients)
    clock[0] += settings.PRESENCE_OFFLINE_SECONDS
    await forget_the_gone(gateway)
    assert await lasting(users | {process}) == set()


async def lasting(names: set[str]) -> set[str]:
    """Return the keys in Redis that name one of these and never expire."""
    async with Redis.from_url(settings.REDIS_URL) as redis:
        keys = [key.decode() async for key in redis.scan_iter(count=1_000)]
        of_these = [key for key in keys if any(name in key.replace("-", "") for name in names)]
        return {key for key in of_these if await redis.ttl(key) == NO_EXPIRY}


NO_EXPIRY = -1

FILLED = {"connections", "_streams", "_prepared", "_wanted", "_devices", "_in_use", "_told", "_by_viewer", "_watching"}


async def come(gateway, connect, community, room, *, people: int) -> list:
    """Let people do whatever is remembered of them, on two devices each: follow, catch up, look at each other, type and write."""
    users = [await sync_to_async(make_member_user)(community) for _ in range(people)]
    topics = [topic_for("community", community.pk), topic_for("room", room.pk)]
    clients = []
    for user in users * 2:
        clients.append(client := await connect(user))
        for followed in topics:
            await ask(client, "topic.follow", topic=followed, after=0)
        await ask(client, "presence.watch", community=str(community.pk), users=[str(user.pk) for user in users])
        await ask(client, "typing.start", room=str(room.pk))
        await ask(client, "message.send", room=str(room.pk), body="Ahoy", nonce=uuid7().hex)
        await gateway.presence.reporter.tell()
    return clients


async def go(clients) -> None:
    for client in clients:
        await client.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await client.communicator.wait(WAIT_SECONDS)


async def ask(client, command: str, **d) -> None:
    assert (await client.command(command, **d))["t"] == "ok"


async def forget_the_gone(gateway) -> None:
    """Have everybody who has gone told of, every topic without followers closed, and its group left."""
    gateway.presence.reporter.pass_time()
    await gateway.presence.reporter.tell()
    gateway.hub.close_lingering()
    await gateway.relay.drain()
    async with asyncio.timeout(WAIT_SECONDS):
        while gateway.relay._joined or subscriptions(gateway):  # noqa: ASYNC110  # leaving sets nothing to wait for
            await asyncio.sleep(0.01)


def subscriptions(gateway) -> int:
    (shard,) = gateway.relay._layer.on_this_loop()._shards
    return len(shard.listeners)


def make_member_user(community):
    user = make_user()
    make_member(community, user)
    return user


def registers(root) -> Counter[str]:
    """Return how many entries there are in every container of our own objects, by the way to it."""
    found: Counter[str] = Counter()
    seen, ahead = set(), [("gateway", root)]
    while ahead:
        path, one = ahead.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Mapping):
            found[path] += len(one)
            ahead += [(f"{path}[]", inner) for inner in (*one.keys(), *one.values())]
        elif isinstance(one, set | list | deque):
            found[path] += len(one)
            ahead += [(f"{path}[]", inner) for inner in one]
        elif type(one).__module__.startswith(OURS):
            ahead += [(f"{path}.{name}", getattr(one, name)) for name in attributes(one)]
    return +found


OURS = ("gateway.", "redis.asyncio.client")


def attributes(one) -> list[str]:
    slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    return [name for name in [*getattr(one, "__dict__", ()), *slots] if hasattr(one, name)]
