"""The doorbell between processes: rings are gathered and sent to a group per topic, and heard for the topics that were joined.

At most once, and treated so: whatever is lost here is found in the log. Nothing per socket happens here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

import structlog
from channels.layers import get_channel_layer

from eventlog.doorbell import EphemeralEvent, LoggedEvent, by_topic
from eventlog.topics import Topic
from gateway.channel_layer import REDIS_AWAY, GatheringChannelLayer
from gateway.metrics import RELAY_FAILURES
from gateway.readers_bell import READERS, ReadersBell
from gateway.rings import Ring, RingCodec
from gateway.signal import Gate
from kernel.metrics import limit_hit

logger = structlog.get_logger(__name__)

JOIN_WAIT_SECONDS = 1.0
CROWD_SECONDS = 0.01
"""After joins or leaves of several topics, how long the next wait for company: sockets come in a few per round of the loop."""
SEND_SECONDS = 3.0
CLOSE_WAIT_SECONDS = 2.0
RETRY_SECONDS = 1.0
QUEUE_BYTES = 8_388_608
"""Rings that wait while Redis is away; what comes then is dropped, and read from the log."""
SENT_TOGETHER = 1_000

Heard = Callable[[Ring], None]
Rejoined = Callable[[], None]


class ChannelLayerRelay:
    """Joins and leaves groups in the background, retrying while Redis is away, and calls `heard` with what others ring.

    `rejoined` is called when rings may have been missed: the connection was lost and is back.
    """

    def __init__(self, heard: Heard, rejoined: Rejoined = lambda: None) -> None:
        self._heard = heard
        self._rejoined = rejoined
        self._layer = cast("GatheringChannelLayer", get_channel_layer())
        self._codec = RingCodec()
        self._wanted: dict[Topic, None] = {}  # a large set takes three times the room of a dictionary
        self._joined: dict[Topic, None] = {}
        self._awaited: dict[Topic, Gate] = {}
        self._changed: set[Topic] = set()
        self._change = asyncio.Event()
        self._outgoing: deque[tuple[str, bytes]] = deque()
        self._outgoing_bytes = 0
        self._outgoing_some = asyncio.Event()
        self._outgoing_none = asyncio.Event()
        self._outgoing_none.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._readers_bell = ReadersBell(lambda: self._enqueue(READERS, self._codec.wake()))

    def start(self) -> None:
        """Begin to listen and to send."""
        layer = self._layer.on_this_loop()
        layer.hear, layer.rejoined = self._hear, self._rejoined
        self.start_sending()
        self._tasks.append(asyncio.create_task(self._keep_joined()))

    def start_sending(self) -> None:
        """Begin to send; enough for a process without sockets."""
        self._tasks.append(asyncio.create_task(self._send()))

    async def close(self) -> None:
        """Stop; leaving the groups of a Redis that does not answer is given up after two seconds."""
        self._readers_bell.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_WAIT_SECONDS)

    # Who hears what --------------------------------------------------------------------------------------------------

    async def join(self, topic: Topic) -> None:
        """Start to hear of a topic; return when that is so, or after a second: the log covers for a slow Redis."""
        if topic not in self._wanted:
            self._wanted[topic] = None
            self._awaited[topic] = Gate(is_open=False)
            self._reconsider(topic)
        joined = self._awaited.get(topic)
        if joined is None:
            return
        try:
            await asyncio.wait_for(joined.wait(), JOIN_WAIT_SECONDS)
        except TimeoutError:
            logger.warning("relay.join_slow", topic=topic)
            RELAY_FAILURES.labels("join_slow").inc()

    def leave(self, topic: Topic) -> None:
        """Stop to hear of a topic."""
        if topic in self._wanted:
            del self._wanted[topic]
            self._awaited.pop(topic, None)
            self._reconsider(topic)

    def _reconsider(self, topic: Topic) -> None:
        self._changed.add(topic)
        self._change.set()

    async def _keep_joined(self) -> None:
        """Bring the groups that this process is in to what is wanted, again and again while Redis refuses."""
        refused = False
        while True:
            await self._change.wait()
            self._change.clear()
            changed, self._changed = self._changed, set()
            try:
                await self._reconcile(changed)
            except Exception as error:  # without this task, every later join would be in vain
                logger.warning(
                    "relay.join_failed", error=type(error).__name__, exc_info=not isinstance(error, REDIS_AWAY)
                )
                RELAY_FAILURES.labels("join").inc()
                refused = True
                await asyncio.sleep(RETRY_SECONDS)
                self._changed |= self._open(changed)
                self._change.set()
            else:
                if refused:
                    self._rejoined()
                refused = False
                if len(changed) > 1:
                    await asyncio.sleep(CROWD_SECONDS)

    async def _reconcile(self, changed: set[Topic]) -> None:
        """Join and leave what is to be joined and left: one command each, however many have gathered."""
        layer = self._layer.on_this_loop()
        joining = [topic for topic in changed if topic in self._wanted and topic not in self._joined]
        leaving = [topic for topic in changed if topic not in self._wanted and topic in self._joined]
        await layer.join_groups(map(group_of, joining))
        self._joined.update(dict.fromkeys(joining))
        await layer.leave_groups(map(group_of, leaving))
        for topic in leaving:
            del self._joined[topic]
        for topic in changed & self._wanted.keys() & self._joined.keys():
            if (joined := self._awaited.pop(topic, None)) is not None:
                joined.set()

    def _open(self, changed: set[Topic]) -> set[Topic]:
        """Return the topics that are still to be joined or left; who came and went while Redis was away is none."""
        return {topic for topic in changed if topic in self._wanted or topic in self._joined}

    def _hear(self, data: bytes) -> None:
        try:
            ring = self._codec.decode(data)
            if ring is not None:
                self._heard(ring)
        except Exception:
            logger.exception("relay.bad_message")

    # What is told ----------------------------------------------------------------------------------------------------

    def send_events(self, events: Sequence[LoggedEvent]) -> None:
        """Tell the other processes of committed events, and now and then whoever reads the log in the background."""
        topics = by_topic(events)
        for topic, of_topic in topics.items():
            self._enqueue(topic, self._codec.events(of_topic))
        self._readers_bell.committed(topics)

    def send_ephemeral(self, event: EphemeralEvent) -> None:
        """Tell the other processes of an ephemeral event."""
        self._enqueue(event.topic, self._codec.ephemeral(event))

    def send_sightings(self, topic: Topic, sightings: bytes) -> None:
        """Tell the other processes that joined a topic how users are shown now."""
        self._enqueue(topic, self._codec.sightings(sightings))

    @property
    def queued(self) -> int:
        """How many rings wait to be sent."""
        return len(self._outgoing)

    async def drain(self) -> None:
        """Return when everything queued so far was sent or given up."""
        await self._outgoing_none.wait()

    def _enqueue(self, topic: Topic, ring: bytes) -> None:
        if self._outgoing_bytes + len(ring) > QUEUE_BYTES:
            logger.warning("relay.dropped", topic=topic)
            limit_hit("relay.queue")
            return
        self._outgoing.append((group_of(topic), ring))
        self._outgoing_bytes += len(ring)
        self._outgoing_some.set()
        self._outgoing_none.clear()

    async def _send(self) -> None:
        """Send what has gathered, at most a thousand rings in one round trip; what comes meanwhile goes with the next."""
        layer = self._layer.on_this_loop()
        while True:
            await self._outgoing_some.wait()
            rings = [self._outgoing.popleft() for _ in range(min(len(self._outgoing), SENT_TOGETHER))]
            self._outgoing_bytes -= sum(len(ring) for _, ring in rings)
            try:
                await asyncio.wait_for(layer.send_to_groups(rings), SEND_SECONDS)
            except Exception as error:  # without this task, the process would be dumb for good
                unknown = not isinstance(error, (*REDIS_AWAY, TimeoutError))
                logger.warning("relay.send_failed", rings=len(rings), error=type(error).__name__, exc_info=unknown)
                RELAY_FAILURES.labels("send").inc()
            if not self._outgoing:
                self._outgoing_some.clear()
                self._outgoing_none.set()


def group_of(topic: Topic) -> str:
    """Return a topic's name in the alphabet of channel-layer groups."""
    return topic.replace(":", ".")
