"""The gateway of one process: hub, relay, thread pools and sockets, and the timers that look after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ParamSpec

import structlog
from django.conf import settings

from eventlog.doorbell import EphemeralEvent, LoggedEvent
from eventlog.replay import find_moved_heads, read_events, read_heads
from eventlog.topics import Topic
from gateway import metrics
from gateway.admission import Admission, ReconnectAdvice
from gateway.batching import Batcher
from gateway.close_codes import CloseCode
from gateway.drain import drain
from gateway.following import Following
from gateway.gathering import Gatherer
from gateway.handing_over import HandOver
from gateway.hub import Hub
from gateway.pool import DatabasePool
from gateway.presence.presence import Presence
from gateway.relay import ChannelLayerRelay
from gateway.reviewing import Reviews
from gateway.rings import EphemeralRing, EventsRing, HeadRing, Ring, SightingsRing
from gateway.session_ends import LOOK_SECONDS, SessionEnds
from gateway.signing_in import SigningIn
from gateway.timers import ending, every, logged
from gateway.turns import Turns
from kernel.commands import BatchHandler, RegisteredCommand
from kernel.errors import Unavailable
from kernel.metrics import limit_hit, sample

if TYPE_CHECKING:
    from gateway.connection import Connection

logger = structlog.get_logger(__name__)
P = ParamSpec("P")

REPLAY_THREADS = 2
SOCKETS_CHECK_SECONDS = 1.0
SAMPLE_SECONDS = 5.0
DELIVERING_SECONDS = 1.0

_current: GatewayProcess | None = None


def current() -> GatewayProcess | None:
    """Return the gateway of this process, or None where none was started."""
    return _current


async def ensure_started() -> GatewayProcess:
    """Return the gateway of this process; start it on the running loop the first time."""
    global _current
    if _current is None:
        _current = GatewayProcess(asyncio.get_running_loop())
        _current.start()
    return _current


class PooledLog:
    """The hub's way to the log: in a pool of its own, so that a storm of replays cannot starve commands."""

    def __init__(self, pool: DatabasePool) -> None:
        self._pool = pool
        self._heads: Gatherer[Topic, int] = Gatherer(pool, _heads_of)

    async def head(self, topic: Topic) -> int:
        """See `hub.Log`. One statement for all that ask while one is under way."""
        return await self._heads.ask(topic)

    async def moved(self, known: Mapping[Topic, int]) -> Mapping[Topic, int]:
        """See `hub.Log`."""
        return await self._pool.run(find_moved_heads, known)

    async def events(self, topic: Topic, after: int) -> list[LoggedEvent]:
        """See `hub.Log`."""
        return await self._pool.run(read_events, topic, after=after, limit=settings.REPLAY_PAGE_SIZE)


def _heads_of(topics: Sequence[Topic]) -> list[int]:
    heads = read_heads(dict.fromkeys(topics))
    return [heads[topic] for topic in topics]


class GatewayProcess:
    """What the sockets of one process share. Lives on one event loop; only `call_soon` may be called from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._hand_over = HandOver(loop)
        self._tasks: list[asyncio.Task[None]] = []
        self.commands = DatabasePool("commands", settings.GATEWAY_THREAD_POOL_SIZE)
        self.replays = DatabasePool("replays", REPLAY_THREADS)
        self._batchers: dict[BatchHandler, Batcher] = {}
        self.relay = ChannelLayerRelay(self._heard, self._rejoined)
        self.presence = Presence(relay=self.relay, pool=self.commands, clock=self.now, behind=self._behind)
        self.hub = Hub(PooledLog(self.replays), self.relay, noticed=self.presence.noticed)
        self.following = Following(self.replays)
        self.turns = Turns()
        self.reviews = Reviews(self.hub, self.replays, self.turns)
        self.signing_in = SigningIn(self.commands)
        self.session_ends = SessionEnds(loop.time())
        self.connections: set[Connection] = set()
        self.admission = Admission(settings.SOCKET_ADMISSION_RATE, settings.SOCKET_ADMISSION_BURST, loop.time())
        self.draining = False
        self._missed = False
        self._checking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen to the relay, to watch over heads and silent sockets, and to tell who is there."""
        self.relay.start()
        self.presence.start()
        self._tasks = [
            asyncio.create_task(every(settings.GATEWAY_SWEEP_SECONDS, self.hub.check_heads)),
            asyncio.create_task(every(LOOK_SECONDS, self._close_ended)),
            asyncio.create_task(every(SOCKETS_CHECK_SECONDS, self._close_silent_and_expired)),
            asyncio.create_task(every(SAMPLE_SECONDS, self.sample)),
        ]

    async def stop(self) -> None:
        """Take no new sockets, send every client away with its commands acknowledged, then end everything else."""
        global _current
        self.draining = True
        await drain(tuple(self.connections), window_seconds=settings.GATEWAY_DRAIN_SECONDS)
        tasks = [*self._tasks, *([self._checking] if self._checking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.presence.stop()
        self.reviews.stop()
        await self.hub.close()
        await self.relay.close()
        for batcher in self._batchers.values():
            batcher.close()
        self.commands.close()
        self.replays.close()
        self.session_ends.pool.close()
        _current = None

    def refusal(self) -> tuple[CloseCode, ReconnectAdvice] | None:
        """Return why no new socket is let in now and when one may come back, or count one and return None."""
        if self.draining:
            metrics.SOCKETS_REFUSED.labels("draining").inc()
            return CloseCode.SHUTTING_DOWN, self.reconnect_advice()
        if len(self.connections) >= settings.SOCKET_CONNECTIONS_MAX:
            metrics.SOCKETS_REFUSED.labels("full").inc()
            limit_hit("socket.connections")
            return CloseCode.RATE_LIMITED, self.reconnect_advice()
        wait = self.admission.take(self.now())
        if not wait:
            return None
        metrics.SOCKETS_REFUSED.labels("admission").inc()
        limit_hit("socket.admission")
        return CloseCode.RATE_LIMITED, self.admission.advice(len(self.connections), not_before=wait)

    def reconnect_advice(self) -> ReconnectAdvice:
        """Return how those who are here, or would be, spread their return after a break."""
        return self.admission.advice(len(self.connections))

    def delivers(self) -> bool:
        """Tell whether events went to sockets within the last second."""
        return self.now() - self.hub.delivered_at < DELIVERING_SECONDS

    def batcher_of(self, registered: RegisteredCommand) -> Batcher | None:
        """Return where commands of this type are gathered, or None when each is carried out by itself."""
        handler = registered.batch_handler
        if handler is None:
            return None
        if handler not in self._batchers:
            self._batchers[handler] = Batcher(registered.command.name, handler, self._hand_over)
        return self._batchers[handler]

    def now(self) -> float:
        """Return the event loop's clock, in seconds; it only goes forward."""
        return self._loop.time()

    def call_soon(self, function: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call a function on the event loop, from any thread; from a batch, together with its answers."""
        self._hand_over.call_soon(lambda: function(*args, **kwargs))

    def committed(self, events: Sequence[LoggedEvent]) -> None:
        """Deliver events that this process committed: to its own sockets without a detour, to other processes by the relay."""
        self.hub.deliver(events)
        self.relay.send_events(events)

    def published(self, event: EphemeralEvent) -> None:
        """Deliver an ephemeral event of this process here and elsewhere."""
        self.hub.announce(event)
        self.relay.send_ephemeral(event)

    def _heard(self, ring: Ring) -> None:
        """Take what another process rang."""
        match ring:
            case EventsRing(topic=topic, events=events):
                self.hub.deliver([LoggedEvent(topic, *event) for event in events])
            case HeadRing(topic=topic, head=head):
                self.hub.ring(topic, head)
            case EphemeralRing(event=event):
                self.hub.announce(event)
            case SightingsRing(sightings=sightings):
                self.presence.heard(sightings)

    async def _behind(self, topics: Collection[Topic]) -> Collection[Topic]:
        return await self.hub.read_missing(topics)

    def _rejoined(self) -> None:
        """Ask the log and Redis for what was rung and announced while Redis was away; one question at a time."""
        self.presence.rejoined()
        self._missed = True
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check_heads())

    async def _check_heads(self) -> None:
        while self._missed and not ending():
            self._missed = False  # and true again when the connection is lost once more after the log was read
            await logged(self.hub.check_heads)

    async def sample(self) -> None:
        """Look at what cannot be counted as it happens: how much waits, and where."""
        metrics.SOCKETS_MAX.set(settings.SOCKET_CONNECTIONS_MAX)
        metrics.TOPICS.set(self.hub.topics)
        metrics.TOPICS_LINGERING.set(self.hub.lingering)
        metrics.REMEMBERED_BYTES.set(self.hub.remembered_bytes)
        metrics.DEVICES.set(self.presence.devices)
        metrics.BACKLOG_BYTES.set(sum(connection.backlog_bytes for connection in self.connections))
        metrics.QUEUED.labels("relay").set(self.relay.queued)
        metrics.QUEUED.labels("batches").set(sum(batcher.queued for batcher in self._batchers.values()))
        for pool in (self.commands, self.replays, self.session_ends.pool):
            running = min(pool.calls, pool.threads)
            metrics.THREADS.labels(pool.name).set(pool.threads)
            metrics.CALLS.labels(pool.name, "running").set(running)
            metrics.CALLS.labels(pool.name, "waiting").set(pool.calls - running)
        sample()

    async def _close_silent_and_expired(self) -> None:
        """Two comparisons for each socket are cheaper, and smaller, than two timers."""
        now = self._loop.time()
        deadline = now - settings.HEARTBEAT_DEAD_SECONDS
        for connection in tuple(self.connections):
            if connection.last_heard < deadline:
                limit_hit("heartbeat.dead_seconds")
                connection.close(CloseCode.INTERNAL)
            elif connection.expires <= now:
                connection.expire()

    async def _close_ended(self) -> None:
        """Close what the doorbell should have closed: it may be away, or deaf without knowing."""
        if not self.connections:
            return
        try:
            ended = await self.session_ends.look(self.now())
        except Unavailable:
            return  # the sweep says so
        for connection in tuple(self.connections) if ended else ():
            actor = connection.actor
            if connection.greeted and (actor.session_id in ended or actor.key_id in ended):
                connection.close(CloseCode.SESSION_REVOKED)
