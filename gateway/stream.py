"""One topic as a gateway process sees it: a contiguous run of events, the newest of them in memory, and who follows. No input or output."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.topics import Topic
from gateway.frames import Burst, Frame, bursts_of, frame_of_event
from gateway.pacing import Pacer
from kernel.ids import UserId

RECENT_EVENTS = 256
RECENT_BYTES = 262_144
PENDING_EVENTS = 4_096


class Subscriber(Protocol):
    """Someone who follows topics. What live delivery calls returns at once: a slow socket never holds up the others."""

    @property
    def user_id(self) -> UserId:
        """The user whose loss of access ends the subscription."""

    def offer(self, frame: Frame) -> None:
        """Take a frame of a followed topic."""

    def deliver(self, burst: Burst) -> None:
        """Take frames of a followed topic that go to all its followers."""

    def observe(self, event: LoggedEvent) -> None:
        """Take notice of an event that is about sessions."""

    def access_revoked(self, topic: Topic) -> None:
        """Learn that the topic was closed to the user: forget what is queued of it."""

    def must_resume(self) -> None:
        """Learn that events are missing that the log no longer has: only a new follow gives an honest answer."""

    async def ready(self) -> None:
        """Return when there is room for another page of a replay."""


class Delivery(msgspec.Struct):
    """An event with its frame (encoded once) and, on a revocation, the user who loses the topic."""

    event: LoggedEvent
    frame: Frame
    revoked_user: UserId | None


def delivery_of(event: LoggedEvent) -> Delivery:
    """Prepare an event for delivery."""
    revoked_user = None
    if event.type == "access.revoked":
        revoked_user = UserId(msgspec.json.decode(event.data, type=AccessRevoked).user)
    return Delivery(event, frame_of_event(event), revoked_user)


class Stream:
    """The events of one topic in contiguous `seq` order, up to `cursor`; None until the head was read.

    `head` is the newest seq that this process has heard of. Events that arrive ahead of a gap wait until the missing ones are
    `advance`d too. Those that continue the run are gathered, and given to all followers by `flush`.
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.cursor: int | None = None
        self.head = 0
        self.followers: dict[Subscriber, int] = {}
        self.holds = 0
        self._waiting: dict[Subscriber, int] = {}
        self._pending: dict[int, LoggedEvent] = {}
        self._recent: deque[Delivery] = deque()
        self._recent_bytes = 0
        self._gathered: list[Frame] = []
        self.pacer = Pacer()

    @property
    def gathered(self) -> int:
        """How many events wait to be flushed."""
        return len(self._gathered)

    @property
    def idle(self) -> bool:
        """Whether nobody follows or is about to."""
        return not self.followers and not self._waiting and not self.holds

    @property
    def behind(self) -> bool:
        """Whether there are events that this process has heard of and does not have."""
        return self.cursor is not None and self.head > self.cursor

    def open_at(self, head: int) -> None:
        """Start the contiguous run behind `head`; what arrived earlier and is newer follows at once."""
        if self.cursor is None:
            self.cursor = head
            self._drain_pending()

    def advance(self, events: Iterable[LoggedEvent]) -> None:
        """Take events in any order, some maybe twice, and gather those that continue the run."""
        for event in events:
            self.head = max(self.head, event.seq)
            if self.cursor is not None and event.seq <= self.cursor:
                continue
            if self.cursor is not None and event.seq == self.cursor + 1:
                self._deliver(event)
            elif len(self._pending) < PENDING_EVENTS:
                self._pending[event.seq] = event
        self._drain_pending()

    def flush(self) -> None:
        """Give what was gathered to every follower."""
        frames, self._gathered = self._gathered, []
        for burst in bursts_of(frames):
            for subscriber in self.followers:
                subscriber.deliver(burst)

    def skip_to(self, cursor: int) -> None:
        """Give up on events that the log no longer has; everyone who waits for them must resume."""
        for subscriber in self.subscribers():
            subscriber.must_resume()
        self.cursor = cursor
        self._recent.clear()
        self._recent_bytes = 0
        self._drain_pending()

    def attach(self, subscriber: Subscriber, position: int) -> bool:
        """Make a subscriber that has seen everything up to `position` a follower, and give it what came since.

        Returns False, and does nothing, when the events after `position` are no longer in memory.
        """
        if self.cursor is None or position >= self.cursor:
            self._waiting[subscriber] = position
            return True
        missed = self._recent_after(position)
        if missed is None:
            return False
        self.flush()
        for delivery in missed:
            if not give(subscriber, delivery):
                return True
        self.followers[subscriber] = position
        return True

    def detach(self, subscriber: Subscriber) -> None:
        """Forget a follower."""
        self.followers.pop(subscriber, None)
        self._waiting.pop(subscriber, None)

    def offer(self, frame: Frame) -> None:
        """Give a frame that is not numbered to every follower."""
        for subscriber in (*self.followers, *self._waiting):
            subscriber.offer(frame)

    def subscribers(self) -> tuple[Subscriber, ...]:
        """Return everyone who follows."""
        return (*self.followers, *self._waiting)

    def _deliver(self, event: LoggedEvent) -> None:
        self.cursor = event.seq
        delivery = delivery_of(event)
        self._remember(delivery)
        if self._waiting:
            self._promote(event.seq)
        if delivery.revoked_user is not None or event.type == "session.revoked":
            self._deliver_control(delivery)
            return
        self._gathered.append(delivery.frame)

    def _deliver_control(self, delivery: Delivery) -> None:
        """Deliver at once what ends subscriptions, after all that came before it."""
        self.flush()
        for subscriber in list(self.followers):
            if not give(subscriber, delivery):
                del self.followers[subscriber]

    def _promote(self, seq: int) -> None:
        """Make followers of those who waited for the run to reach their position; what was gathered is not for them."""
        self.flush()
        for subscriber, position in list(self._waiting.items()):
            if seq > position:
                self.followers[subscriber] = self._waiting.pop(subscriber)

    def _drain_pending(self) -> None:
        while self.cursor is not None and (event := self._pending.pop(self.cursor + 1, None)):
            self._deliver(event)
        if self._pending and self.cursor is not None:
            self._pending = {seq: event for seq, event in self._pending.items() if seq > self.cursor}

    def _remember(self, delivery: Delivery) -> None:
        self._recent.append(delivery)
        self._recent_bytes += len(delivery.frame.json)
        while len(self._recent) > RECENT_EVENTS or self._recent_bytes > RECENT_BYTES:
            self._recent_bytes -= len(self._recent.popleft().frame.json)

    def _recent_after(self, position: int) -> Sequence[Delivery] | None:
        if not self._recent or self._recent[0].event.seq > position + 1:
            return None
        return [delivery for delivery in self._recent if delivery.event.seq > position]


def give(subscriber: Subscriber, delivery: Delivery) -> bool:
    """Give a subscriber one event; return False when the event took the topic away from it."""
    if delivery.revoked_user is not None and delivery.revoked_user == subscriber.user_id:
        subscriber.access_revoked(delivery.event.topic)
        return False
    if delivery.event.type == "session.revoked":
        subscriber.observe(delivery.event)
    subscriber.offer(delivery.frame)
    return True
