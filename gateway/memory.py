"""Events prepared for delivery, and the newest of them in memory, within a budget for the process. Who follows is not known here."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Protocol

import msgspec

from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.topics import Topic
from gateway.bursts import Burst, bursts_of
from gateway.compression import MIN_AUDIENCE
from gateway.frames import Frame, frame_of_event
from kernel.ids import UserId
from kernel.metrics import limit_hit

RECENT_EVENTS = 256
RECENT_BYTES = 262_144
REMEMBERED_BYTES = 67_108_864
"""What all topics of a process may keep in memory together."""

ENDS_OF_PROOFS = frozenset({"session.revoked", "api_key.revoked", "api_key.rotated"})
"""The events that end sockets: those of a session or an API key, now or later."""

PREPARED_RUNS = 32
"""Runs, of at most 256 KiB, that are kept as they were encoded."""


class Recipient(Protocol):
    """Who takes prepared events; returns at once."""

    @property
    def user_id(self) -> UserId:
        """The user whose loss of access ends the subscription."""

    def offer(self, frame: Frame) -> None:
        """Take a frame of a followed topic."""

    def deliver(self, burst: Burst) -> None:
        """Take frames of a followed topic that go to many."""

    def observe(self, event: LoggedEvent) -> None:
        """Take notice of an event that is about sessions or API keys."""

    def access_revoked(self, topic: Topic) -> None:
        """Learn that the topic was closed to the user: forget what is queued of it."""

    def access_reviewed(self, topic: Topic, delivery: Delivery) -> None:
        """Learn that nothing of the topic comes, from this event on, until it was asked anew whether the user may read it."""


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """An event as its frame (encoded once) and, where it ends subscriptions or sessions, whose.

    Those are not for everyone alike: each recipient is given them by itself.
    """

    seq: int
    frame: Frame
    revoked_user: UserId | None = None
    ended_session: LoggedEvent | None = None
    reviews: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether what it means depends on the recipient."""
        return self.revoked_user is not None or self.ended_session is not None or self.reviews


def delivery_of(event: LoggedEvent) -> Delivery:
    """Prepare an event for delivery."""
    frame = frame_of_event(event)
    if event.type == "access.revoked":
        revoked = msgspec.json.decode(event.data, type=AccessRevoked)
        return Delivery(event.seq, frame, revoked_user=UserId(revoked.user))
    if event.type == "access.reviewed":
        return Delivery(event.seq, frame, reviews=True)
    return Delivery(event.seq, frame, ended_session=event if event.type in ENDS_OF_PROOFS else None)


def give(recipient: Recipient, delivery: Delivery, topic: Topic) -> bool:
    """Give one event; return False when it took the topic away from the recipient, or may have: whether that is so is asked then."""
    if delivery.revoked_user is not None and delivery.revoked_user == recipient.user_id:
        recipient.access_revoked(topic)
        return False
    if delivery.reviews:
        recipient.access_reviewed(topic, delivery)
        return False
    if delivery.ended_session is not None:
        recipient.observe(delivery.ended_session)
    recipient.offer(delivery.frame)
    return True


class Missed:
    """An unbroken run of a topic's events for all who lack just these: encoded once, however many they are."""

    def __init__(self, topic: Topic, deliveries: Sequence[Delivery]) -> None:
        self.topic = topic
        self.deliveries = deliveries
        self.first = deliveries[0].seq
        self.last = deliveries[-1].seq
        self.losers = frozenset(one.revoked_user for one in deliveries if one.revoked_user is not None)
        self.is_reviewed = any(one.reviews for one in deliveries)
        self._is_personal = any(one.is_personal for one in deliveries)

    @cached_property
    def _bursts(self) -> Sequence[Burst]:
        """Compressed as for many: the largest messages that a returning phone gets, and others lack the same."""
        return list(bursts_of([one.frame for one in self.deliveries], audience=MIN_AUDIENCE))

    def give(self, recipient: Recipient) -> bool:
        """Give everything at once; return False when one of the events took the topic away from the recipient."""
        return all(self.give_in_parts(recipient))

    def give_in_parts(self, recipient: Recipient) -> Iterator[bool]:
        """Give a part of about 256 KiB at most for each step; ends with False when an event took the topic away."""
        if not self._is_personal:
            for burst in self._bursts:
                recipient.deliver(burst)
                yield True
            return
        for delivery in self.deliveries:
            kept = give(recipient, delivery, self.topic)
            yield kept
            if not kept:
                return


class Memories:
    """What all memories share: a budget, and the runs that were handed over last. Who heard nothing for longest forgets first."""

    def __init__(self, budget: int = REMEMBERED_BYTES) -> None:
        self._budget = budget
        self._latest_last: dict[Memory, None] = {}
        self._prepared: dict[tuple[Topic, int], Missed] = {}
        self.used = 0

    def grew(self, memory: Memory, size: int) -> None:
        """Count the bytes that a memory has taken in, and make room for them."""
        self.used += size
        self._latest_last.pop(memory, None)
        self._latest_last[memory] = None
        while self.used > self._budget:
            limit_hit("memory.bytes")
            next(iter(self._latest_last)).clear()

    def shrank(self, memory: Memory, size: int) -> None:
        """Count the bytes that a memory has forgotten."""
        self.used -= size
        if not memory.size:
            self._latest_last.pop(memory, None)

    def prepared(self, topic: Topic, run: Sequence[Delivery]) -> Missed:
        """Return a run ready to be given: the same for all who lack the same."""
        key = (topic, run[0].seq)
        missed = self._prepared.get(key)
        if missed is None or missed.last != run[-1].seq:
            missed = Missed(topic, run)
            self._prepared.pop(key, None)
            self._prepared[key] = missed
            if len(self._prepared) > PREPARED_RUNS:
                limit_hit("memory.prepared_runs")
                del self._prepared[next(iter(self._prepared))]
        return missed

    def forget_prepared(self, topic: Topic) -> None:
        """Forget the runs of a topic."""
        for key in [key for key in self._prepared if key[0] == topic]:
            del self._prepared[key]


class Memory:
    """The newest events of one topic: an unbroken run that ends at the stream's cursor, 256 events or 256 KiB at most."""

    __slots__ = ("_memories", "_run", "_topic", "size")

    def __init__(self, topic: Topic, memories: Memories) -> None:
        self._topic = topic
        self._memories = memories
        self._run: deque[Delivery] | None = None
        self.size = 0

    def add(self, delivery: Delivery) -> None:
        """Remember the event that follows the last one."""
        if self._run is None:
            self._run = deque()
        self._run.append(delivery)
        self._grow(len(delivery.frame.json))
        while self._run and (len(self._run) > RECENT_EVENTS or self.size > RECENT_BYTES):
            self._shrink(len(self._run.popleft().frame.json))

    def put_before(self, older: Sequence[Delivery], cursor: int) -> None:
        """Remember events that came before what is remembered, as far as they reach up to it without a gap and there is room."""
        run = self._run or deque[Delivery]()
        first, grown = run[0].seq if run else cursor + 1, 0
        for delivery in reversed([one for one in older if one.seq < first]):
            size = len(delivery.frame.json)
            if delivery.seq != first - 1 or len(run) == RECENT_EVENTS or self.size + grown + size > RECENT_BYTES:
                break
            run.appendleft(delivery)
            first, grown = delivery.seq, grown + size
        self._run = run
        self._grow(grown)

    def after(self, position: int) -> Missed | None:
        """Return what came after a position; None when that is no longer, or not yet, remembered."""
        if not self._run or not self._run[0].seq - 1 <= position < self._run[-1].seq:
            return None
        return self._memories.prepared(self._topic, list(islice(self._run, position + 1 - self._run[0].seq, None)))

    def clear(self) -> None:
        """Forget everything."""
        self._run = None
        self._shrink(self.size)
        self._memories.forget_prepared(self._topic)

    def _grow(self, size: int) -> None:
        self.size += size
        self._memories.grew(self, size)

    def _shrink(self, size: int) -> None:
        self.size -= size
        self._memories.shrank(self, size)
