"""One topic as a gateway process sees it: a contiguous run of events, the newest of them in memory, and who follows. No input or output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from eventlog.doorbell import LoggedEvent
from eventlog.topics import Topic
from gateway.bursts import Burst, Encoding, bursts_of
from gateway.direct_writes import Write
from gateway.frames import Frame
from gateway.memory import Delivery, Memories, Memory, Missed, Recipient, delivery_of, give
from gateway.metrics import DELIVERIES, EVENTS_REPLAYED
from gateway.pacing import Pacer
from kernel.ids import UserId
from kernel.metrics import limit_hit

PENDING_EVENTS = 4_096
EARLY_EVENTS = 64
NOTICED = {"access.revoked", "access.reviewed", "user.updated"}
"""Events that the gateway acts on beyond passing them on: once per process, whoever follows."""

Notice = Callable[[LoggedEvent], None]


class EarlyFrame(NamedTuple):
    """A frame without a number that is for those who still follow behind `after`, but not for the user `by` whom it is."""

    frame: Frame
    after: int
    by: UserId | None


class Subscriber(Recipient, Protocol):
    """Someone who follows topics. What live delivery calls returns at once: a slow socket never holds up the others."""

    @property
    def straight(self) -> Write | None:
        """What writes a message in `encoding` without passing through `deliver`; None when it must."""

    @property
    def encoding(self) -> Encoding:
        """How messages are made for `straight`."""

    def must_resume(self) -> None:
        """Learn that events are missing that the log no longer has: only a new follow gives an honest answer."""

    async def ready(self) -> None:
        """Return when there is room for another part of a replay."""


def give_to_all(burst: Burst, subscribers: Iterable[Subscriber]) -> None:
    """Give a burst to everyone: straight to the server where that is possible.

    This is the loop that runs for every delivery. It makes no call of ours for a socket and touches nothing of it but two slots.
    """
    encoding, message = None, b""
    for subscriber in subscribers:
        write = subscriber.straight
        if write is None:
            subscriber.deliver(burst)
            continue
        if subscriber.encoding is not encoding:
            encoding = subscriber.encoding
            message = burst.message(encoding)
        write(message)


def notice(event_type: str) -> None:
    """Have the gateway act on one more type of event; called at start-up."""
    NOTICED.add(event_type)


def ignore(_: LoggedEvent) -> None:
    """Take no notice."""


class Stream:
    """The events of one topic in contiguous `seq` order, up to `cursor`; None until the head was read.

    `head` is the newest seq that this process has heard of. Events that arrive ahead of a gap wait until the missing ones are
    `advance`d too. Those that continue the run are gathered, and given to all followers by `flush`.
    """

    __slots__ = (
        "_early",
        "_gathered",
        "_memory",
        "_noticed",
        "_pending",
        "_waiting",
        "cursor",
        "followers",
        "head",
        "holds",
        "pacer",
        "topic",
    )

    def __init__(self, topic: Topic, memories: Memories, *, noticed: Notice = ignore) -> None:
        self.topic = topic
        self._noticed = noticed
        self.cursor: int | None = None
        self.head = 0
        self.followers: dict[Subscriber, int] = {}
        self.holds = 0
        self._waiting: dict[Subscriber, int] = {}
        self._pending: dict[int, LoggedEvent] = {}
        self._memory = Memory(topic, memories)
        self._gathered: list[Frame] = []
        self._early: dict[str, EarlyFrame] = {}
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
            self._offer_early()

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
            else:
                limit_hit("stream.pending")
        self._drain_pending()
        if self._early:
            self._offer_early()

    def flush(self) -> None:
        """Give what was gathered to every follower."""
        frames, self._gathered = self._gathered, []
        if frames:
            DELIVERIES.inc(len(frames) * len(self.followers))
        for burst in bursts_of(frames, audience=len(self.followers)):
            give_to_all(burst, self.followers)

    def skip_to(self, cursor: int) -> None:
        """Give up on events that the log no longer has; everyone who waits for them must resume."""
        for subscriber in self.subscribers():
            subscriber.must_resume()
        self.cursor = cursor
        self._memory.clear()
        self._drain_pending()

    def attach(self, subscriber: Subscriber, position: int) -> bool:
        """Make a subscriber that has seen everything up to `position` a follower, and give it what came since.

        Returns False, and does nothing, when the events after `position` are no longer in memory.
        """
        if self.cursor is None or position >= self.cursor:
            self._waiting[subscriber] = position
            return True
        missed = self._memory.after(position)
        if missed is None:
            return False
        self.flush()
        EVENTS_REPLAYED.inc(len(missed.deliveries))
        if missed.give(subscriber):
            self.followers[subscriber] = position
        return True

    def recall(self, position: int) -> Missed | None:
        """Return all that came after a position, up to the cursor; None when it is not in memory."""
        return self._memory.after(position)

    def remember_before(self, older: Missed) -> None:
        """Keep in memory what was read of the log and comes just before what is there."""
        if self.cursor is not None:
            self._memory.put_before(older.deliveries, self.cursor)

    def close(self) -> None:
        """Forget what is in memory."""
        self._memory.clear()

    def detach(self, subscriber: Subscriber) -> None:
        """Forget a follower."""
        self.followers.pop(subscriber, None)
        self._waiting.pop(subscriber, None)

    def offer(self, frame: Frame, *, after: int = 0, by: UserId | None = None) -> None:
        """Give a frame that is not numbered to every follower who is not the user `by`, once the run has come to `after`.

        Nothing orders it with the numbered events but this: who lost the topic before it was sent must not hear it.
        """
        if self.cursor is not None and self.cursor >= after:
            self._offer(frame, by)
        elif len(self._early) < EARLY_EVENTS or frame.key in self._early:
            self._early[frame.key] = EarlyFrame(frame, after, by)
        else:
            limit_hit("stream.early")

    def subscribers(self) -> tuple[Subscriber, ...]:
        """Return everyone who follows."""
        return (*self.followers, *self._waiting)

    def _offer(self, frame: Frame, by: UserId | None) -> None:
        for subscriber in (*self.followers, *self._waiting):
            if subscriber.user_id != by:
                subscriber.offer(frame)

    def _offer_early(self) -> None:
        """Give what came before its time, as far as the time has come."""
        for early in self._early.values():
            if self.cursor is not None and self.cursor >= early.after:
                self._offer(early.frame, early.by)
        self._early = {key: early for key, early in self._early.items() if early.after > (self.cursor or 0)}

    def _deliver(self, event: LoggedEvent) -> None:
        self.cursor = event.seq
        delivery = delivery_of(event)
        self._memory.add(delivery)
        if self._waiting:
            self._promote(event.seq)
        if event.type in NOTICED:
            self._noticed(event)
        if delivery.is_personal:
            self._deliver_control(delivery)
            return
        self._gathered.append(delivery.frame)

    def _deliver_control(self, delivery: Delivery) -> None:
        """Deliver at once what ends subscriptions, after all that came before it."""
        self.flush()
        for subscriber in list(self.followers):
            if not give(subscriber, delivery, self.topic):
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
