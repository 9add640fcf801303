"""The doorbell between processes: heard by who joined, quiet for who left, harmless while Redis is away, found again afterwards."""

from __future__ import annotations

import asyncio
import socket

import pytest
from django.conf import settings
from redis.asyncio.connection import Connection

from eventlog.doorbell import EphemeralEvent, LoggedEvent
from eventlog.topics import Topic, topic_for
from gateway.channel_layer import GatheringChannelLayer
from gateway.doorbell import Doorbell
from gateway.relay import ChannelLayerRelay
from gateway.rings import EphemeralRing, EventsRing, HeadRing, Ring
from kernel.ids import uuid7
from tests.metrics import growth_of


class Ear:
    """A relay that listens, and what it heard."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Ring] = asyncio.Queue()
        self.rejoined = asyncio.Event()
        self.relay = ChannelLayerRelay(self.heard.put_nowait, self.rejoined.set)

    async def next(self) -> Ring:
        return await asyncio.wait_for(self.heard.get(), 30)

    async def events(self) -> tuple[Topic, list[int]]:
        ring = await self.next()
        assert isinstance(ring, EventsRing)
        return ring.topic, [seq for seq, _, _ in ring.events]

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
async def bell():
    """The relay of another process, which only rings."""
    relay = ChannelLayerRelay(lambda _: None)
    relay.start_sending()
    yield relay
    await relay.close()


@pytest.fixture
def topic() -> Topic:
    return topic_for("room", uuid7())


def event(topic: Topic, seq: int = 1) -> LoggedEvent:
    return LoggedEvent(topic, seq, "tests.noted", b"{}")


async def test_who_joined_hears_and_who_left_does_not(ear, bell, topic):
    other = topic_for("room", uuid7())
    await ear.relay.join(topic)
    bell.send_events([event(other), event(topic, 1), event(topic, 2)])
    heard = await ear.next()
    assert isinstance(heard, EventsRing)
    assert (heard.topic, heard.events) == (topic, [(1, "tests.noted", b"{}"), (2, "tests.noted", b"{}")])
    ear.relay.leave(topic)
    await asyncio.sleep(0.1)
    bell.send_events([event(topic, 3)])
    assert await ear.quiet()


async def test_events_of_one_topic_are_one_ring_though_others_lie_between(ear, bell, topic):
    other = topic_for("room", uuid7())
    await asyncio.gather(ear.relay.join(topic), ear.relay.join(other))
    bell.send_events([event(topic, 1), event(other, 1), event(topic, 2)])
    assert [await ear.events(), await ear.events()] == [(topic, [1, 2]), (other, [1])]
    assert await ear.quiet()


async def test_a_process_does_not_hear_itself(ear, bell, topic):
    await ear.relay.join(topic)
    ear.relay.send_events([event(topic, 1)])
    ear.relay.send_ephemeral(EphemeralEvent(topic, "typing.started", b"{}", "k"))
    await ear.relay.drain()
    bell.send_events([event(topic, 2)])
    assert await ear.events() == (topic, [2])


async def test_many_joins_are_one_command_and_many_rings_one_round_trip(ear, bell, monkeypatch):
    """What is asked for while one is under way goes with the next."""
    topics = [topic_for("room", uuid7()) for _ in range(200)]
    layer = ear.relay._layer.on_this_loop()
    joins, sends = [], []
    join_groups, send_to_groups = layer.join_groups, layer.send_to_groups

    async def counted_join(groups):
        joins.append(groups := list(groups))
        await join_groups(groups)

    async def counted_send(messages):
        sends.append(messages := list(messages))
        await send_to_groups(messages)

    monkeypatch.setattr(layer, "join_groups", counted_join)
    monkeypatch.setattr(layer, "send_to_groups", counted_send)
    await asyncio.gather(*(ear.relay.join(topic) for topic in topics))
    bell.send_events([event(topic) for topic in topics])
    assert sorted([(await ear.events())[0] for _ in topics]) == sorted(topics)
    assert [len(groups) for groups in joins] == [200]
    assert [len(messages) for messages in sends] == [200]


async def test_events_too_large_to_carry_are_told_by_their_head(ear, bell, topic, monkeypatch):
    monkeypatch.setattr("gateway.rings.INLINE_BYTES", 3)
    await ear.relay.join(topic)
    bell.send_events([event(topic, 1), event(topic, 2)])
    heard = await ear.next()
    assert isinstance(heard, HeadRing)
    assert (heard.topic, heard.head) == (topic, 2)


async def test_a_process_without_a_gateway_rings_too(ear, topic):
    """A worker or a command has no event loop of its own: a thread sends for it."""
    await ear.relay.join(topic)
    doorbell = Doorbell()
    await asyncio.to_thread(doorbell.committed, [event(topic)])
    assert await ear.events() == (topic, [1])
    typing = EphemeralEvent(topic, "typing.started", b"{}", "k")
    await asyncio.to_thread(doorbell.published, typing)
    heard = await ear.next()
    assert isinstance(heard, EphemeralRing)
    assert heard.event == typing


async def test_what_is_not_a_ring_harms_nobody(ear, bell, topic):
    await ear.relay.join(topic)
    bell._enqueue(topic, b"\xc1 not MessagePack")
    bell._enqueue(topic, b"\x81\xa4type\xa7unknown")
    bell.send_events([event(topic)])
    assert await ear.events() == (topic, [1])


async def test_while_redis_is_away_joining_and_sending_return_and_nothing_is_raised(monkeypatch, topic):
    nobody = GatheringChannelLayer(hosts=["redis://127.0.0.1:1"])
    monkeypatch.setattr("gateway.relay.get_channel_layer", lambda: nobody)
    monkeypatch.setattr("gateway.relay.JOIN_WAIT_SECONDS", 0.1)
    monkeypatch.setattr("gateway.relay.QUEUE_BYTES", 1_000)
    ear = Ear()
    ear.relay.start()
    await ear.relay.join(topic)
    dropped = growth_of("portcullis_limit_hits_total", limit="relay.queue")
    for seq in range(50):
        ear.relay.send_events([event(topic, seq)])
    assert ear.relay._outgoing_bytes <= 1_000
    assert 0 < dropped() == 50 - ear.relay.queued
    assert await ear.quiet()
    await asyncio.wait_for(ear.relay.drain(), 30)
    await ear.relay.close()


async def test_a_redis_that_does_not_answer_is_given_up_and_sending_goes_on(ear, bell, topic, monkeypatch):
    """A stopped Redis takes what it is sent and says nothing."""
    layer = bell._layer.on_this_loop()
    send_to_groups = layer.send_to_groups
    silences = iter([True])

    async def silent_once(messages):
        if next(silences, False):
            await asyncio.Event().wait()
        await send_to_groups(messages)

    monkeypatch.setattr(layer, "send_to_groups", silent_once)
    monkeypatch.setattr("gateway.relay.SEND_SECONDS", 0.05)
    await ear.relay.join(topic)
    bell.send_events([event(topic, 1)])
    await bell.drain()
    bell.send_events([event(topic, 2)])
    assert await ear.events() == (topic, [2])


async def test_a_join_that_redis_refused_is_repeated_until_it_works(ear, bell, topic, monkeypatch):
    layer = ear.relay._layer.on_this_loop()
    join_groups = layer.join_groups
    refusals = iter([ConnectionError("away")])

    async def join_on_second_try(groups):
        error = next(refusals, None)
        if error:
            raise error
        await join_groups(groups)

    monkeypatch.setattr(layer, "join_groups", join_on_second_try)
    monkeypatch.setattr("gateway.relay.RETRY_SECONDS", 0.05)
    await ear.relay.join(topic)
    bell.send_events([event(topic)])
    assert (await ear.events())[0] == topic
    assert ear.rejoined.is_set()


async def test_a_topic_that_came_and_went_while_redis_was_away_is_forgotten(ear, topic, monkeypatch):
    layer = ear.relay._layer.on_this_loop()
    (shard,) = layer._shards

    async def refuse(*_):
        raise ConnectionError("away")

    monkeypatch.setattr(shard, "subscribe_all", refuse)
    monkeypatch.setattr("gateway.relay.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("gateway.relay.JOIN_WAIT_SECONDS", 0.05)
    await ear.relay.join(topic)
    ear.relay.leave(topic)
    await asyncio.wait_for(ear.rejoined.wait(), 30)
    assert (ear.relay._wanted, ear.relay._awaited, ear.relay._changed) == ({}, {}, set())
    assert (ear.relay._joined, shard.listeners) == ({}, {})


async def test_who_leaves_and_joins_again_at_once_hears_and_waits_for_it_no_longer(ear, bell, topic):
    await ear.relay.join(topic)
    ear.relay.leave(topic)
    await ear.relay.join(topic)
    ear.relay.leave(topic)
    first = asyncio.create_task(ear.relay.join(topic))
    await asyncio.sleep(0)
    ear.relay.leave(topic)
    await ear.relay.join(topic)
    first.cancel()
    bell.send_events([event(topic)])
    assert await ear.events() == (topic, [1])
    assert ear.relay._awaited == {}


async def test_a_lost_connection_comes_back_with_its_groups_and_says_so(ear, bell, topic):
    """Redis restarted, or its client was killed: whoever listens learns that rings may be missing."""
    await ear.relay.join(topic)
    await cut(shard_of(ear))
    await asyncio.wait_for(ear.rejoined.wait(), 30)
    bell.send_events([event(topic)])
    assert await ear.events() == (topic, [1])


def shard_of(ear: Ear):
    """Return where an ear is subscribed."""
    (shard,) = ear.relay._layer.on_this_loop()._shards
    return shard


async def cut(shard) -> None:
    """Have Redis end the subscribed connection."""
    async with shard._redis.client() as other:
        address = "{}:{}".format(*shard._subscribed._writer.get_extra_info("sockname")[:2])
        await other.client_kill(address)


async def test_who_joins_while_a_lost_connection_is_made_again_disturbs_nobody(ear, bell, topic, monkeypatch):
    """Two tasks that connect one connection at once read each other's answers, and the one that listens ends."""
    connect, connecting = Connection._connect, []

    async def connect_slowly(connection):
        connecting.append(connection)
        await asyncio.sleep(0.02)
        await connect(connection)

    monkeypatch.setattr("gateway.relay.RETRY_SECONDS", 0.005)
    topics = [topic, *(topic_for("room", uuid7()) for _ in range(20))]
    await ear.relay.join(topic)
    monkeypatch.setattr(Connection, "_connect", connect_slowly)
    await cut(shard_of(ear))
    for joined in topics[1:]:
        await asyncio.sleep(0.004)
        asyncio.create_task(ear.relay.join(joined))  # noqa: RUF006  # it ends within a second, whatever happens
    await asyncio.wait_for(ear.rejoined.wait(), 30)
    await asyncio.gather(*map(ear.relay.join, topics))
    assert not shard_of(ear)._receive_task.done()
    assert connecting.count(shard_of(ear)._subscribed) == 1
    bell.send_events([event(joined) for joined in topics])
    assert sorted([(await ear.events())[0] for _ in topics]) == sorted(topics)


async def test_who_leaves_while_redis_is_away_and_joins_again_hears(ear, bell, topic, monkeypatch):
    other = topic_for("room", uuid7())
    await asyncio.gather(ear.relay.join(topic), ear.relay.join(other))
    (shard, send), refusals = (shard_of(ear), shard_of(ear)._send), iter(["UNSUBSCRIBE"])

    async def refuse_once(command, names):
        if command == next(refusals, None):
            raise ConnectionError("away")
        await send(command, names)

    monkeypatch.setattr(shard, "_send", refuse_once)
    ear.relay.leave(topic)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await ear.relay.join(topic)
    bell.send_events([event(topic)])
    assert await ear.events() == (topic, [1])


async def test_what_fails_in_a_way_that_nobody_knows_does_not_make_a_process_deaf(ear, bell, topic, monkeypatch):
    await ear.relay.join(topic)
    shard = shard_of(ear)
    read, failures = shard._subscribed.read_response, iter([RuntimeError("never seen before")])

    async def fail_once():
        if (error := next(failures, None)) is not None:
            raise error
        return await read()

    monkeypatch.setattr(shard._subscribed, "read_response", fail_once)
    bell.send_events([event(topic, 1)])
    await asyncio.wait_for(ear.rejoined.wait(), 30)
    assert next(failures, None) is None
    bell.send_events([event(topic, 2)])
    while await ear.events() != (topic, [2]):
        pass


async def test_the_layer_still_serves_consumers_of_channels(topic):
    layer = GatheringChannelLayer(**settings.CHANNEL_LAYERS["default"]["CONFIG"])
    channel = await layer.new_channel()
    await layer.group_add("everyone", channel)
    await layer.group_send("everyone", {"type": "greeting"})
    assert await asyncio.wait_for(layer.receive(channel), 30) == {"type": "greeting"}
    await layer.group_discard("everyone", channel)
    await layer.flush()


def test_the_subscriptions_connection_has_no_read_time_out():
    (host,) = settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"]
    assert host["socket_timeout"] is None


async def test_the_subscriptions_connection_is_kept_alive_by_tcp(ear, topic):
    await ear.relay.join(topic)
    connected = shard_of(ear)._subscribed._writer.get_extra_info("socket")
    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
