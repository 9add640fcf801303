"""Writing to the log: `append` for durable events, inside the transaction that causes them, and `publish` for ephemeral ones."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import msgspec
from django.db import connection, transaction

from eventlog.doorbell import EphemeralEvent, LoggedEvent, announce, ring
from eventlog.events import Event, event_type_of
from eventlog.metrics import APPEND_SECONDS, EVENTS_APPENDED
from eventlog.replay import read_heads
from eventlog.round_trips import Answer
from eventlog.statements import after_answer, numbers, pipeline, send, texts
from eventlog.topics import Topic
from kernel.ids import UserId
from kernel.wire import encode_json

_HOLD = """
SELECT name, head FROM eventlog_topic WHERE name = ANY(%s::text[]) ORDER BY name COLLATE "C" FOR NO KEY UPDATE
"""

_TAKE_SEQS = """
INSERT INTO eventlog_topic AS topic (name, head)
SELECT name, amount FROM unnest(%s::text[], %s::bigint[]) AS wanted (name, amount) ORDER BY name COLLATE "C"
ON CONFLICT (name) DO UPDATE SET head = topic.head + excluded.head
RETURNING name, head
"""

_INSERT_EVENTS = """
INSERT INTO eventlog_event (topic, seq, type, data)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[])
"""


class HeldTopics:
    """Topics whose rows this transaction has locked, so that nobody else appends to them until it ends.

    Their heads are read when they are first asked for: in a pipeline, other statements can be sent meanwhile.
    """

    def __init__(self, locked: Answer | None) -> None:
        self._locked = locked
        self._heads: dict[Topic, int] = {}

    @property
    def heads(self) -> dict[Topic, int]:
        """The newest seq of each, this transaction's own appends to the held topics included."""
        if self._locked is not None:
            self._heads = {Topic(name): head for name, head in self._locked.fetchall()}
            self._locked = None
        return self._heads


class Draft(msgspec.Struct, frozen=True):
    """An event to append to a topic: the event itself, or a function that builds it from the seq that it gets."""

    topic: Topic
    event: Event | Callable[[int], Event]


class Appended(msgspec.Struct, frozen=True):
    """An appended event with the number it got on its topic."""

    topic: Topic
    seq: int
    event: Event


def hold_topics(topics: Collection[Topic]) -> HeldTopics:
    """Keep anything from being appended to topics until the transaction ends. One statement, which locks in name order.

    A topic that nothing was ever appended to has no row to lock, and is not held.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("hold_topics() belongs into the transaction that appends")
    return HeldTopics(send(_HOLD, [texts(topics)]) if topics else None)


def append(drafts: Sequence[Draft], *, held: HeldTopics | None = None) -> list[Appended]:
    """Append events to their topics, in the given order, and return them numbered.

    Two SQL statements however many events and topics. Takes the row locks of the topics (in name order, so
    that two appends cannot deadlock) and keeps them until commit: call it last, so that seq order is commit order and
    others wait as little as possible. With the topics `held` already, their numbers are known and both statements go in
    one round trip, with what the caller sends in the same `pipeline`; that fails when the heads are not what was held.
    Rings the doorbell after commit. Raises
    `RuntimeError` outside of a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append() belongs into the transaction that causes the events")
    if not drafts:
        return []
    started = time.perf_counter()
    appended, logged = _append(drafts) if held is None else _append_held(drafts, held)
    APPEND_SECONDS.observe(time.perf_counter() - started)
    EVENTS_APPENDED.inc(len(logged))
    transaction.on_commit(lambda: ring(logged))
    return appended


def publish(topic: Topic, event: Event, *, key: str = "", by: UserId | None = None) -> None:
    """Send an ephemeral event to whoever follows the topic now, but for the sockets of the user `by` whom it is. May be lost.

    One statement, which reads how far the topic is: a process that is not there yet holds the event back, since it may not
    know yet who has lost the topic. Of events with the same type and `key`, a slow client is sent only the newest. Sent after
    commit when in a transaction.
    """
    event_type = event_type_of(event)
    if event_type.durable:
        raise RuntimeError(f"{event_type.name} is durable: append() it")
    after = read_heads([topic])[topic]
    ephemeral = EphemeralEvent(topic, event_type.name, encode_json(event), f"{event_type.name}:{key}", after, by)
    transaction.on_commit(lambda: announce(ephemeral))


def _append(drafts: Sequence[Draft]) -> tuple[list[Appended], list[LoggedEvent]]:
    """Number by the database: give every draft the next number of its topic, and log the events that waited for theirs."""
    amounts = Counter(draft.topic for draft in drafts)
    last = {Topic(name): head - amounts[Topic(name)] for name, head in _take_seqs(amounts).fetchall()}
    appended = [_numbered(draft, last) for draft in drafts]
    logged = [_logged(entry) for entry in appended]
    _insert(logged)
    return appended, logged


def _append_held(drafts: Sequence[Draft], held: HeldTopics) -> tuple[list[Appended], list[LoggedEvent]]:
    """Number from the held heads. What the database has afterwards must agree, else the transaction fails."""
    amounts = Counter(draft.topic for draft in drafts)
    if not amounts.keys() <= held.heads.keys():
        raise RuntimeError("append() was given topics that are not among the held ones")
    appended = [_numbered(draft, held.heads) for draft in drafts]
    logged = [_logged(entry) for entry in appended]
    with pipeline():
        expected = {topic: held.heads[topic] for topic in amounts}
        taken = _take_seqs(amounts)
        _insert(logged)
        after_answer(lambda: _check_heads(taken, expected))
    return appended, logged


def _check_heads(taken: Answer, expected: dict[Topic, int]) -> None:
    if dict(taken.rows) != expected:
        raise RuntimeError(
            "the topics moved since they were held: they are held no longer, or were appended to without `held`"
        )


def _take_seqs(amounts: Counter[Topic]) -> Answer:
    return send(_TAKE_SEQS, [texts(amounts), numbers(amounts.values())])


def _numbered(draft: Draft, last: dict[Topic, int]) -> Appended:
    last[draft.topic] = seq = last[draft.topic] + 1
    event = draft.event if isinstance(draft.event, Event) else draft.event(seq)
    return Appended(draft.topic, seq, event)


def _logged(entry: Appended) -> LoggedEvent:
    event_type = event_type_of(entry.event)
    if not event_type.durable:
        raise RuntimeError(f"{event_type.name} is ephemeral: publish() it")
    return LoggedEvent(entry.topic, entry.seq, event_type.name, encode_json(entry.event))


def _insert(events: Sequence[LoggedEvent]) -> None:
    send(
        _INSERT_EVENTS,
        [
            texts([event.topic for event in events]),
            numbers([event.seq for event in events]),
            texts([event.type for event in events]),
            texts([event.data.decode() for event in events]),
        ],
    )
