"""The doorbell between processes: heard by who joined, quiet for who left, harmless while Redis is away, found again afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

from eventlog.doorbell import EphemeralEvent, LoggedEvent
from eventlog.topics import Topic, topic_for
from gateway.doorbell import Doorbell
from gateway.relay import QUEUE_SIZE, ChannelLayerRelay
from kernel.ids import uuid7


class Ear:
    """A relay of another process, and what it heard."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.relay = ChannelLayerRelay(self.heard.put_nowait)

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.heard.get(), 5)

    async def quiet(self) -> bool:
        await asyncio.sleep(0.3)
        return self.heard.empty()


@pytest.fixture
async def ear():
    ear = Ear()
    ear.relay.start()
    yield ear
    await ear.relay.close()


@pytest.fixture
def topic() -> Topic:
    return topic_for("room", uuid7())


def event(topic: Topic, seq: int = 1) -> LoggedEvent:
    return LoggedEvent(topic, seq, "tests.noted", b"{}")


async def test_who_joined_hears_and_who_left_does_not(ear, topic):
    other = topic_for("room", uuid7())
    await ear.relay.join(topic)
    ear.relay.send_events([event(other), event(topic, 1), event(topic, 2)])
    heard = await ear.next()
    assert (heard["topic"], heard["events"]) == (topic, [[1, "tests.noted", b"{}"], [2, "tests.noted", b"{}"]])
    ear.relay.leave(topic)
    await asyncio.sleep(0.1)
    ear.relay.send_events([event(topic, 3)])
    assert await ear.quiet()


async def test_a_process_without_a_gateway_rings_too(ear, topic):
    """A worker or a command has no event loop of its own: a thread sends for it."""
    await ear.relay.join(topic)
    doorbell = Doorbell()
    await asyncio.to_thread(doorbell.committed, [event(topic)])
    assert (await ear.next())["events"] == [[1, "tests.noted", b"{}"]]
    await asyncio.to_thread(doorbell.published, EphemeralEvent(topic, "typing.started", b"{}", "k"))
    assert (await ear.next())["event"] == [topic, "typing.started", b"{}", "k"]


async def test_while_redis_is_away_joining_and_sending_return_and_nothing_is_raised(monkeypatch, topic):
    nobody = RedisPubSubChannelLayer(hosts=["redis://127.0.0.1:1"])
    monkeypatch.setattr("gateway.relay.get_channel_layer", lambda: nobody)
    monkeypatch.setattr("gateway.relay.JOIN_WAIT_SECONDS", 0.1)
    ear = Ear()
    ear.relay.start()
    await ear.relay.join(topic)
    for seq in range(QUEUE_SIZE + 10):
        ear.relay.send_events([event(topic, seq)])
    assert await ear.quiet()
    await ear.relay.close()


async def test_a_join_that_redis_refused_is_repeated_until_it_works(ear, topic, monkeypatch):
    layer = ear.relay._layer._get_layer()
    add = layer.group_add
    refusals = iter([ConnectionError("away"), None])

    async def add_on_second_try(group, channel):
        error = next(refusals, None)
        if error:
            raise error
        await add(group, channel)

    monkeypatch.setattr(layer, "group_add", add_on_second_try)
    monkeypatch.setattr("gateway.relay.RETRY_SECONDS", 0.05)
    await ear.relay.join(topic)
    ear.relay.send_events([event(topic)])
    assert (await ear.next())["topic"] == topic


def test_the_subscriptions_connection_has_no_read_time_out():
    (host,) = settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"]
    assert host["socket_timeout"] is None
