"""The doorbell between processes: one channel of the channel layer per process, joined to a group per followed topic.

At most once, and treated so: whatever is lost here is found in the log. Nothing per socket happens here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from eventlog.doorbell import EphemeralEvent, LoggedEvent
from eventlog.topics import Topic

logger = structlog.get_logger(__name__)

JOIN_WAIT_SECONDS = 1.0
CLOSE_WAIT_SECONDS = 2.0
RETRY_SECONDS = 1.0
QUEUE_SIZE = 10_000
INLINE_BYTES = 262_144
"""Events of one ring that are larger than this are not carried along: readers are told the head and read the log."""

REDIS_AWAY = (RedisError, OSError)

Heard = Callable[[dict[str, Any]], None]


class ChannelLayerRelay:
    """Joins and leaves groups in the background, retrying while Redis is away, and calls `heard` with what comes in."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._layer = get_channel_layer()
        self._wanted: dict[Topic, asyncio.Event] = {}
        self._joined: set[Topic] = set()
        self._changed = asyncio.Event()
        self._outgoing: asyncio.Queue[tuple[Topic, dict[str, Any]]] = asyncio.Queue(QUEUE_SIZE)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen and to send."""
        self.start_sending()
        self._tasks.append(asyncio.create_task(self._listen()))

    def start_sending(self) -> None:
        """Begin to send; enough for a process without sockets."""
        self._tasks.append(asyncio.create_task(self._send()))

    async def close(self) -> None:
        """Stop; leaving the groups of a Redis that does not answer is given up after two seconds."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_WAIT_SECONDS)

    async def join(self, topic: Topic) -> None:
        """Start to hear of a topic; return when that is so, or after a second: the log covers for a slow Redis."""
        if topic not in self._wanted:
            self._wanted[topic] = asyncio.Event()
            self._changed.set()
        try:
            await asyncio.wait_for(self._wanted[topic].wait(), JOIN_WAIT_SECONDS)
        except TimeoutError:
            logger.warning("relay.join_slow", topic=topic)

    def leave(self, topic: Topic) -> None:
        """Stop to hear of a topic."""
        if self._wanted.pop(topic, None):
            self._changed.set()

    def send_events(self, events: Sequence[LoggedEvent]) -> None:
        """Tell the other processes of committed events."""
        for topic, of_topic in groupby(events, attrgetter("topic")):
            self._enqueue(topic, _ring_of(list(of_topic)))

    def send_ephemeral(self, event: EphemeralEvent) -> None:
        """Tell the other processes of an ephemeral event."""
        self._enqueue(event.topic, {"type": "ephemeral", "event": [event.topic, event.type, event.data, event.key]})

    def _enqueue(self, topic: Topic, message: dict[str, Any]) -> None:
        try:
            self._outgoing.put_nowait((topic, message))
        except asyncio.QueueFull:
            logger.warning("relay.dropped", topic=topic)

    async def drain(self) -> None:
        """Return when everything queued so far was sent or given up."""
        await self._outgoing.join()

    async def _send(self) -> None:
        while True:
            topic, message = await self._outgoing.get()
            try:
                await self._layer.group_send(group_of(topic), message)
            except REDIS_AWAY as error:
                logger.warning("relay.send_failed", topic=topic, error=type(error).__name__)
            finally:
                self._outgoing.task_done()

    async def _listen(self) -> None:
        while True:
            try:
                channel = await self._layer.new_channel()
                break
            except REDIS_AWAY as error:
                logger.warning("relay.connect_failed", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
        await asyncio.gather(self._keep_joined(channel), self._receive(channel))

    async def _receive(self, channel: str) -> None:
        while True:
            message = await self._layer.receive(channel)
            try:
                self._heard(message)
            except Exception:
                logger.exception("relay.bad_message")

    async def _keep_joined(self, channel: str) -> None:
        """Bring the groups that this process is in to what is wanted, again and again while Redis refuses."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._reconcile(channel)
            except REDIS_AWAY as error:
                logger.warning("relay.join_failed", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                self._changed.set()

    async def _reconcile(self, channel: str) -> None:
        for topic in [topic for topic in self._wanted if topic not in self._joined]:
            await self._layer.group_add(group_of(topic), channel)
            self._joined.add(topic)
        for topic in [topic for topic in self._joined if topic not in self._wanted]:
            await self._layer.group_discard(group_of(topic), channel)
            self._joined.discard(topic)
        for topic, joined in self._wanted.items():
            if topic in self._joined:
                joined.set()


def group_of(topic: Topic) -> str:
    """Return a topic's name in the alphabet of channel-layer groups."""
    return topic.replace(":", ".")


def _ring_of(events: Sequence[LoggedEvent]) -> dict[str, Any]:
    topic = events[0].topic
    if sum(len(event.data) for event in events) > INLINE_BYTES:
        return {"type": "head", "topic": topic, "head": max(event.seq for event in events)}
    return {"type": "events", "topic": topic, "events": [[event.seq, event.type, event.data] for event in events]}
