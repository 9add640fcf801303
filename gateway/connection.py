"""One socket: who is behind it, what it follows, its limits and its end. Writing to it is in writing, what frames mean in dispatch."""

from __future__ import annotations

import asyncio
from datetime import datetime
from math import inf

import structlog
from django.conf import settings

from accounts.authentication import AuthenticatedSession
from eventlog.doorbell import LoggedEvent
from eventlog.topics import Topic, explain_loss, topic_for
from gateway.batching import UnderWay
from gateway.close_codes import CloseCode
from gateway.direct_writes import DirectWriter
from gateway.errors import SocketExpired
from gateway.frames import WireFormat, problem, revoked
from gateway.limits import SlidingWindow
from gateway.memory import Delivery
from gateway.process import GatewayProcess
from gateway.session_watch import SessionWatch
from gateway.signal import Signal
from gateway.writing import Send, SocketWriter
from kernel.actor import ANONYMOUS, Actor
from kernel.clock import now
from kernel.decision import Decision
from kernel.errors import Unavailable
from kernel.ids import UserId, uuid7

logger = structlog.get_logger(__name__)


class Connection(SocketWriter):
    """The server's side of one WebSocket.

    An idle one is a few small objects and the server's own task; whatever else it may need is made when it is needed.
    """

    __slots__ = (
        "_explanations",
        "_gone",
        "expires",
        "frames_limit",
        "greeted",
        "id",
        "last_heard",
        "problems_limit",
        "process",
        "session",
        "topics",
        "under_way",
        "watch",
    )

    def __init__(
        self, process: GatewayProcess, send: Send, wire_format: WireFormat, direct: DirectWriter | None = None
    ) -> None:
        super().__init__(send, wire_format, direct)
        self.process = process
        self.id = str(uuid7())
        self.session: AuthenticatedSession | None = None
        self.topics: set[Topic] = set()
        self.frames_limit = SlidingWindow(settings.RATE_LIMITS["socket.frame"])
        self.problems_limit = SlidingWindow(settings.RATE_LIMITS["socket.problem"])
        self.watch: SessionWatch | None = None
        self.under_way = UnderWay()
        self.last_heard = process.now()
        self.greeted = False
        self._gone = Signal()
        self.expires = inf
        self._explanations: set[asyncio.Task[None]] | None = None

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
        """Let the socket live until the session's proof expires; the process looks after that, once a second."""
        self.session = session
        self.expires = self.process.now() + (session.expires_at - now()).total_seconds()

    def expire_by(self, moment: datetime) -> None:
        """Let the socket live until then at the most."""
        self.expires = min(self.expires, self.process.now() + (moment - now()).total_seconds())

    def expire(self) -> None:
        """Say that the proof has expired, and close."""
        self.offer(problem(None, SocketExpired()))
        self.close(CloseCode.UNAUTHENTICATED)

    # What the hub calls, beside `offer`, `deliver` and `ready` --------------------------------------------------------

    def observe(self, event: LoggedEvent) -> None:
        """Nothing to do: the end of sessions is the session watch's business."""

    def access_revoked(self, topic: Topic) -> None:
        """Forget what is queued of the topic and tell the user, with the reason as the one deciding function gives it."""
        self.topics.discard(topic)
        self.process.presence.unwatch(self, topic)
        self.purge(topic)
        if self._explanations is None:
            self._explanations = set()
        task = asyncio.create_task(self._explain(topic))
        self._explanations.add(task)
        task.add_done_callback(self._explanations.discard)

    def access_reviewed(self, topic: Topic, delivery: Delivery) -> None:
        """Hear nothing of the topic from here on until it was asked whether the user may."""
        self.process.reviews.add(self, topic, delivery)

    def must_resume(self) -> None:
        """Close with a code that brings the client back: only a new follow can tell it honestly what is gone."""
        self.close(CloseCode.INTERNAL)

    async def _explain(self, topic: Topic) -> None:
        """Tell why; while the database is away, only that it is so. Who follows again meanwhile has a newer answer."""
        try:
            decision = await self.process.commands.run(explain_loss, self.actor, topic)
        except Unavailable:
            decision = Decision(allowed=False, code="access.revoked")
        if topic not in self.topics:
            self.offer(revoked(topic, decision))

    # The end ---------------------------------------------------------------------------------------------------------

    def unfollow(self, topic: Topic) -> None:
        """End a subscription."""
        self.topics.discard(topic)
        self.process.presence.unwatch(self, topic)
        self.process.reviews.forget(self, topic)
        self.process.hub.unfollow(topic, self)

    def detach(self) -> None:
        """Leave the hub and stop every task; called once, when the socket is gone."""
        self.stop()
        for task in self._explanations or ():
            task.cancel()
        for topic in tuple(self.topics):
            self.unfollow(topic)
        self.process.presence.gone(self)
        if self.watch is not None:
            self.process.hub.unfollow(topic_for("user", self.watch.user_id), self.watch)
            self.watch = None
        self._gone.give()

    async def gone(self) -> None:
        """Return when the socket is gone."""
        if self in self.process.connections:
            await self._gone.wait()
