"""Writing to the log: `append` for durable events, inside the transaction that causes them, and `publish` for ephemeral ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from django.db import connection, transaction

from eventlog.doorbell import EphemeralEvent, LoggedEvent, announce, ring
from eventlog.events import Event, event_type_of
from eventlog.topics import Topic
from kernel.wire import encode_json

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


class Draft(msgspec.Struct, frozen=True):
    """An event to append to a topic: the event itself, or a function that builds it from the seq that it gets."""

    topic: Topic
    event: Event | Callable[[int], Event]


class Appended(msgspec.Struct, frozen=True):
    """An appended event with the number it got on its topic."""

    topic: Topic
    seq: int
    event: Event


def append(drafts: Sequence[Draft]) -> list[Appended]:
    """Append events to their topics, in the given order, and return them numbered.

    Two SQL statements however many events and topics. Takes the row locks of the topics (in name order, so
    that two appends cannot deadlock) and keeps them until commit: call it last, so that seq order is commit order and
    others wait as little as possible. Rings the doorbell after commit. Raises `RuntimeError` outside of a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append() belongs into the transaction that causes the events")
    if not drafts:
        return []
    appended = _number(drafts)
    logged = [_logged(entry) for entry in appended]
    _insert(logged)
    transaction.on_commit(lambda: ring(logged))
    return appended


def publish(topic: Topic, event: Event, *, key: str = "") -> None:
    """Send an ephemeral event to whoever follows the topic now; after commit when in a transaction. May be lost.

    Of events with the same type and `key`, a slow client is sent only the newest.
    """
    event_type = event_type_of(event)
    if event_type.durable:
        raise RuntimeError(f"{event_type.name} is durable: append() it")
    ephemeral = EphemeralEvent(topic, event_type.name, encode_json(event), f"{event_type.name}:{key}")
    transaction.on_commit(lambda: announce(ephemeral))


def _number(drafts: Sequence[Draft]) -> list[Appended]:
    """Give every draft the next number of its topic and build the events that wait for theirs."""
    last = _take_seqs(Counter(draft.topic for draft in drafts))
    return [_numbered(draft, last) for draft in drafts]


def _take_seqs(amounts: Counter[Topic]) -> dict[Topic, int]:
    """Raise each topic's head by its amount and return the number before the first that was taken."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_SEQS, [list(amounts.keys()), list(amounts.values())])
        return {Topic(name): head - amounts[Topic(name)] for name, head in cursor.fetchall()}


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
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_EVENTS,
            [
                [event.topic for event in events],
                [event.seq for event in events],
                [event.type for event in events],
                [event.data.decode() for event in events],
            ],
        )
