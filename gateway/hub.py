"""The hub: every topic that this process follows, kept contiguous from doorbell and log. Sockets and Redis are behind interfaces."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Protocol

import structlog

from eventlog.doorbell import EphemeralEvent, LoggedEvent, by_topic
from eventlog.events import registered_events
from eventlog.topics import Topic
from gateway.frames import frame_of_ephemeral
from gateway.lingering import LINGER_SECONDS, Lingering
from gateway.memory import Memories
from gateway.metrics import BACKFILLS, EPHEMERAL_DELIVERIES, EVENTS_GONE, EVENTS_REPLAYED, LOST_RINGS
from gateway.pacing import Pacer
from gateway.pages import Pages
from gateway.stream import Notice, Stream, Subscriber, ignore
from kernel.metrics import limit_hit

logger = structlog.get_logger(__name__)

HEADS_PER_QUERY = 1_000
GAP_GRACE_SECONDS = 0.02
"""How long a gap may close by itself: two commits can ring their bells in the wrong order."""


class Log(Protocol):
    """Reads the log without blocking the event loop."""

    async def head(self, topic: Topic) -> int:
        """Return the newest seq of a topic."""

    async def moved(self, known: Mapping[Topic, int]) -> Mapping[Topic, int]:
        """Return the heads of those topics whose head is past the known one."""

    async def events(self, topic: Topic, after: int) -> list[LoggedEvent]:
        """Return the next page of events after a seq, in order; empty at the head."""


class Relay(Protocol):
    """Brings the doorbell of other processes here, for the topics that were joined. At most once."""

    async def join(self, topic: Topic) -> None:
        """Start to hear of a topic; returns when that is so or after a short wait."""

    def leave(self, topic: Topic) -> None:
        """Stop to hear of a topic."""


class Hub:
    """Delivers the events of topics to subscribers: contiguous, in order, each once.

    Everything but reading the log happens synchronously on one event loop, so there are no locks: between two awaits
    nobody else moves. One relay membership per topic and process, however many sockets follow it.
    `delivered_at` is when events last went to followers, by the loop's clock.
    """

    def __init__(
        self, log: Log, relay: Relay, *, noticed: Notice = ignore, linger_seconds: float = LINGER_SECONDS
    ) -> None:
        self._log = log
        self._relay = relay
        self._noticed = noticed
        self._pages = Pages(log.events)
        self._memories = Memories()
        self._streams: dict[Topic, Stream] = {}
        self._lingering = Lingering(linger_seconds)
        self._backfills: dict[Topic, asyncio.Task[None]] = {}
        self._due: dict[Topic, Stream] = {}
        self._gathering: dict[Topic, asyncio.TimerHandle] = {}
        self.delivered_at = -inf

    # What rings the bell ---------------------------------------------------------------------------------------------

    def deliver(self, events: Iterable[LoggedEvent]) -> None:
        """Take committed events, in any order, of any topics; those that nobody here follows are ignored."""
        for topic, of_topic in by_topic(events).items():
            stream = self._streams.get(topic)
            if stream is None:
                continue
            stream.advance(of_topic)
            self._flush_soon(stream)
            if stream.behind:
                self._backfill_soon(stream)

    def announce(self, event: EphemeralEvent) -> None:
        """Give an ephemeral event to whoever follows its topic here, unless they are more than its type is meant for.

        It says how far the topic was: where this process is not there yet, the event waits until it is.
        """
        audience_max = registered_events()[event.type].audience_max
        stream = self._streams.get(event.topic)
        if stream is None:
            return
        watchers = self.watchers(event.topic)
        if audience_max is not None and watchers > audience_max:
            limit_hit("ephemeral.audience")
            return
        stream.offer(frame_of_ephemeral(event), after=event.after, by=event.by)
        EPHEMERAL_DELIVERIES.inc(watchers)
        self.ring(event.topic, event.after)

    def ring(self, topic: Topic, head: int) -> None:
        """Learn that a topic has reached `head` without the events themselves."""
        stream = self._streams.get(topic)
        if stream is None:
            return
        stream.head = max(stream.head, head)
        if stream.behind:
            self._backfill_soon(stream)

    # Who follows -----------------------------------------------------------------------------------------------------

    async def hold(self, topic: Topic) -> Stream:
        """Keep a topic's stream open while somebody is about to follow it; every `hold` needs its `release`."""
        stream = self._streams.get(topic)
        if stream is None:
            stream = self._streams[topic] = Stream(topic, self._memories, noticed=self._noticed)
        self._lingering.discard(topic)
        stream.holds += 1
        try:
            if stream.cursor is None:
                await self._open(stream)
        except BaseException:
            self.release(stream)
            raise
        return stream

    async def _open(self, stream: Stream) -> None:
        """Hear of the topic first and read its head then: what is committed in between comes either way."""
        await self._relay.join(stream.topic)
        if stream.cursor is None:
            stream.open_at(await self._log.head(stream.topic))
            self._flush_soon(stream)

    def reached(self, topic: Topic) -> int | None:
        """Return up to which seq this process has a topic without a gap; None when it does not have it."""
        stream = self._streams.get(topic)
        return stream.cursor if stream is not None else None

    def release(self, stream: Stream) -> None:
        """Undo `hold`."""
        stream.holds -= 1
        self._rest_if_idle(stream)

    async def catch_up(self, stream: Stream, subscriber: Subscriber, position: int) -> None:
        """Give a subscriber every event after `position`, then make it a follower, without a gap in between.

        From memory when the newest events suffice, else page by page from the log, as fast as the subscriber takes them.
        Ends without following when one of the events takes the topic away, or when the log no longer has one.
        """
        await subscriber.ready()
        while not stream.attach(subscriber, position):
            page = await self._pages.after(stream.topic, position)
            if page is None or page.first != position + 1:
                subscriber.must_resume()
                return
            stream.remember_before(page)
            EVENTS_REPLAYED.inc(len(page.deliveries))
            for kept in page.give_in_parts(subscriber):
                if not kept:
                    return
                await subscriber.ready()
            position = page.last

    def unfollow(self, topic: Topic, subscriber: Subscriber) -> None:
        """End a subscription; nothing of the topic is offered afterwards."""
        stream = self._streams.get(topic)
        if stream is not None:
            stream.detach(subscriber)
            self._rest_if_idle(stream)

    def watchers(self, topic: Topic) -> int:
        """Return how many subscribers of this process follow a topic."""
        stream = self._streams.get(topic)
        return len(stream.subscribers()) if stream else 0

    @property
    def topics(self) -> int:
        """How many topics are open here, those that linger included."""
        return len(self._streams)

    @property
    def lingering(self) -> int:
        """How many topics are open for those alone who may come back."""
        return len(self._lingering)

    @property
    def remembered_bytes(self) -> int:
        """How much of all topics is in memory, as JSON."""
        return self._memories.used

    # When it is written ----------------------------------------------------------------------------------------------

    def _flush_soon(self, stream: Stream) -> None:
        """Flush after this iteration of the loop, or later when the topic's pacer wants to gather more."""
        if not stream.gathered:
            return
        timer = self._gathering.pop(stream.topic, None)
        if timer is not None:
            timer.cancel()
        if not self._due:
            asyncio.get_running_loop().call_soon(self._flush_due)
        self._due[stream.topic] = stream

    def _flush_due(self) -> None:
        """Flush the topics of one round: a batch of commands has events of many."""
        loop = asyncio.get_running_loop()
        due, self._due = self._due, {}
        ready = []
        for stream in due.values():
            wait = stream.pacer.wait(stream.gathered, loop.time())
            if wait:
                self._gathering[stream.topic] = loop.call_later(wait, self._flush_gathered, stream)
            else:
                ready.append(stream)
        self._flush(ready)

    def _flush_gathered(self, stream: Stream) -> None:
        del self._gathering[stream.topic]
        self._flush([stream])

    def _flush(self, streams: Sequence[Stream]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        sizes = [(stream.pacer, stream.gathered) for stream in streams if stream.gathered]
        for stream in streams:
            stream.flush()
        if any(stream.followers for stream in streams):
            self.delivered_at = started
        if sizes:  # measured when the loop has written to the sockets too
            loop.call_soon(_flushed, sizes, started)

    # What was missed -------------------------------------------------------------------------------------------------

    async def check_heads(self) -> None:
        """Compare every topic that is open with the log, and read what no doorbell told of. Topics that nobody came back to are closed."""
        self.close_lingering()
        known = [(stream.topic, stream.cursor) for stream in self._streams.values() if stream.cursor is not None]
        for start in range(0, len(known), HEADS_PER_QUERY):
            moved = await self._log.moved(dict(known[start : start + HEADS_PER_QUERY]))
            LOST_RINGS.inc(
                sum(head > self._streams[topic].head for topic, head in moved.items() if topic in self._streams)
            )
            for topic, head in moved.items():
                self.ring(topic, head)

    async def read_missing(self, topics: Iterable[Topic]) -> set[Topic]:
        """Bring topics to where the log has them now, one statement when they are; return those of which that failed."""
        cursors = ((topic, self.reached(topic)) for topic in topics)
        moved = await self._log.moved({topic: cursor for topic, cursor in cursors if cursor is not None})
        for topic, head in moved.items():
            self.ring(topic, head)
        reading = [self._backfills[topic] for topic in moved if topic in self._backfills]
        if reading:
            await asyncio.wait(reading)
        return {topic for topic, head in moved.items() if (self.reached(topic) or 0) < head and topic in self._streams}

    def close_lingering(self) -> None:
        """Close the topics that nobody has followed for a while."""
        for topic in self._lingering.take_due(asyncio.get_running_loop().time()):
            self._close(self._streams[topic])

    async def close(self) -> None:
        """Stop reading."""
        for timer in self._gathering.values():
            timer.cancel()
        for task in self._backfills.values():
            task.cancel()
        await asyncio.gather(*self._backfills.values(), return_exceptions=True)
        await self._pages.close()

    def _backfill_soon(self, stream: Stream) -> None:
        """Read a topic's missing events once for the whole process, however many sockets wait for them."""
        if stream.topic not in self._backfills:
            task = asyncio.create_task(self._backfill(stream))
            self._backfills[stream.topic] = task
            task.add_done_callback(lambda _: self._backfills.pop(stream.topic, None))

    async def _backfill(self, stream: Stream) -> None:
        await asyncio.sleep(GAP_GRACE_SECONDS)
        if stream.behind:
            BACKFILLS.inc()
        try:
            while stream.behind and (page := await self._log.events(stream.topic, stream.cursor or 0)):
                self._advance_from_log(stream, page)
        except Exception:
            logger.exception("hub.backfill_failed", topic=stream.topic)

    def _advance_from_log(self, stream: Stream, page: Sequence[LoggedEvent]) -> None:
        if stream.cursor is not None and page[0].seq > stream.cursor + 1:
            logger.error("hub.events_gone", topic=stream.topic, cursor=stream.cursor, next=page[0].seq)
            EVENTS_GONE.inc()
            stream.skip_to(page[0].seq - 1)
        stream.advance(page)
        self._flush_soon(stream)

    # Who comes back soon ---------------------------------------------------------------------------------------------

    def _rest_if_idle(self, stream: Stream) -> None:
        """Keep an idle stream for a while: those who were cut off come back, and then its memory is warm."""
        if not stream.idle or self._streams.get(stream.topic) is not stream:
            return
        if stream.cursor is None:
            self._close(stream)
            return
        self._lingering.add(stream.topic, asyncio.get_running_loop().time())
        self.close_lingering()

    def _close(self, stream: Stream) -> None:
        del self._streams[stream.topic]
        stream.close()
        self._relay.leave(stream.topic)


def _flushed(sizes: Sequence[tuple[Pacer, int]], started: float) -> None:
    """Tell the pacers how long their round took."""
    ended = asyncio.get_running_loop().time()
    for pacer, size in sizes:
        pacer.flushed(size, started, ended)
