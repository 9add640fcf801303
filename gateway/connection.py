"""One socket: its outbox, what it follows, its limits and its end. What frames mean is decided in dispatch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.conf import settings

from accounts.authentication import AuthenticatedSession
from eventlog.doorbell import LoggedEvent
from eventlog.topics import Topic, explain_loss, topic_for
from gateway.batching import UnderWay
from gateway.close_codes import CloseCode
from gateway.direct_writes import DirectWriter
from gateway.errors import SocketExpired
from gateway.frames import Burst, Frame, WireFormat, join, problem, revoked
from gateway.limits import SlidingWindow
from gateway.outbox import Outbox
from gateway.process import GatewayProcess
from gateway.session_watch import SessionWatch
from kernel.actor import ANONYMOUS, Actor
from kernel.clock import now
from kernel.decision import Decision
from kernel.errors import Unavailable
from kernel.ids import UserId, uuid7

logger = structlog.get_logger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]

STALLED_CLOSE_SECONDS = 2.0


class Connection:
    """The server's side of one WebSocket. `offer` and `close` return at once; one task writes.

    `close_code` says why the server closes; None while it does not, and when the client went by itself.
    """

    def __init__(
        self, process: GatewayProcess, send: Send, wire_format: WireFormat, direct: DirectWriter | None = None
    ) -> None:
        self.process = process
        self.wire_format = wire_format
        self.id = str(uuid7())
        self.session: AuthenticatedSession | None = None
        self.topics: set[Topic] = set()
        self.frames_limit = SlidingWindow(settings.RATE_LIMITS["socket.frame"])
        self.problems_limit = SlidingWindow(settings.RATE_LIMITS["socket.problem"])
        self.watch: SessionWatch | None = None
        self._send = send
        self._direct = direct
        self._settled = True
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(settings.SOCKET_BACKLOG_BYTES)
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self.gone = asyncio.Event()
        self.under_way = UnderWay()
        self._stalled = asyncio.Event()
        self.close_code: CloseCode | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._explanations: set[asyncio.Task[None]] = set()
        self.last_heard = self._loop.time()

    @property
    def actor(self) -> Actor:
        """Who acts through the socket."""
        return self.session.actor if self.session else ANONYMOUS

    @property
    def user_id(self) -> UserId:
        """The user behind the socket; only known once it is authenticated."""
        return self.actor.require_user()

    @property
    def closing(self) -> bool:
        """Whether the server has decided to close."""
        return self.close_code is not None

    # Identity --------------------------------------------------------------------------------------------------------

    def renew(self, session: AuthenticatedSession) -> None:
        """Let the socket live until the session's proof expires."""
        self.session = session
        if self._expiry is not None:
            self._expiry.cancel()
        seconds = (session.expires_at - now()).total_seconds()
        self._expiry = self._loop.call_later(max(0.0, seconds), self._expire)

    def _expire(self) -> None:
        self.offer(problem(None, SocketExpired()))
        self.close(CloseCode.UNAUTHENTICATED)

    # What the hub calls ----------------------------------------------------------------------------------------------

    def offer(self, frame: Frame) -> None:
        """Queue a frame; a socket that cannot keep up is closed and resumes."""
        if self.closing:
            return
        if self._outbox.put(frame):
            self._settled = False
            self._wake.set()
            return
        self._outbox.clear()
        self.close(CloseCode.TOO_SLOW)

    def deliver(self, burst: Burst) -> None:
        """Write a burst at once when nothing waits before it and the server has a direct way, else queue its frames."""
        if self._settled and self._direct is not None and not self._direct.paused and self.close_code is None:
            self._direct.write_message(burst.message(self.wire_format))
            return
        for frame in burst.frames:
            self.offer(frame)

    def observe(self, event: LoggedEvent) -> None:
        """Nothing to do: the end of sessions is the session watch's business."""

    def access_revoked(self, topic: Topic) -> None:
        """Forget what is queued of the topic and tell the user, with the reason as the one deciding function gives it."""
        self.topics.discard(topic)
        self.process.presence.unwatch(self, topic)
        self._outbox.purge(topic)
        task = asyncio.create_task(self._explain(topic))
        self._explanations.add(task)
        task.add_done_callback(self._explanations.discard)

    def must_resume(self) -> None:
        """Close with a code that brings the client back: only a new follow can tell it honestly what is gone."""
        self.close(CloseCode.INTERNAL)

    async def ready(self) -> None:
        """Return when less than half of the budget waits."""
        while self._outbox.size > settings.SOCKET_BACKLOG_BYTES // 2 and not self.closing:
            self._room.clear()
            await self._room.wait()

    async def _explain(self, topic: Topic) -> None:
        """Tell why; while the database is away, only that it is so. Who follows again meanwhile has a newer answer."""
        try:
            decision = await self.process.commands.run(explain_loss, self.actor, topic)
        except Unavailable:
            decision = Decision(allowed=False, code="access.revoked")
        if topic not in self.topics:
            self.offer(revoked(topic, decision))

    # The end ---------------------------------------------------------------------------------------------------------

    def close(self, code: CloseCode) -> None:
        """End the socket after what is queued; the first reason counts."""
        if self.close_code is None:
            self.close_code = code
            self._wake.set()
            self._room.set()
            self._loop.call_later(STALLED_CLOSE_SECONDS, self._stalled.set)

    async def write(self) -> None:
        """Write until the socket is closed, at most two seconds longer when the client does not take what is left."""
        writing = asyncio.create_task(self._write_offered())
        stalled = asyncio.create_task(self._stalled.wait())
        try:
            await asyncio.wait({writing, stalled}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            writing.cancel()
            stalled.cancel()

    async def _write_offered(self) -> None:
        """Write what is offered, several frames in one message when they have gathered; end when the client has gone."""
        with contextlib.suppress(OSError):
            while self.close_code is None or self._outbox:
                await self._wake.wait()
                self._wake.clear()
                await self._flush()
                self._settled = not self._outbox
            await self._write_close(self.close_code)

    async def _flush(self) -> None:
        while self._outbox:
            await self._write_message(join(self._outbox.take(), self.wire_format))
            self._room.set()

    async def _write_message(self, message: str | bytes) -> None:
        key = "text" if isinstance(message, str) else "bytes"
        await self._send({"type": "websocket.send", key: message})

    async def _write_close(self, code: CloseCode) -> None:
        await self._send({"type": "websocket.close", "code": int(code), "reason": code.name.lower()})

    def unfollow(self, topic: Topic) -> None:
        """End a subscription."""
        self.topics.discard(topic)
        self.process.presence.unwatch(self, topic)
        self.process.hub.unfollow(topic, self)

    def detach(self) -> None:
        """Leave the hub and stop every timer; called once, when the socket is gone."""
        if self._expiry is not None:
            self._expiry.cancel()
        for task in self._explanations:
            task.cancel()
        for topic in tuple(self.topics):
            self.unfollow(topic)
        self.process.presence.gone(self)
        if self.watch is not None:
            self.process.hub.unfollow(topic_for("user", self.watch.user_id), self.watch)
        self.gone.set()
