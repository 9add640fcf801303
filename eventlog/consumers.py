"""Consumers: functions that follow the log with a cursor of their own per topic. Registered by apps, run by the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import msgspec
import structlog
from django.db import connection, transaction

from eventlog.doorbell import LoggedEvent
from eventlog.metrics import CONSUMER_FAILURES, EVENTS_CONSUMED
from eventlog.models import Cursor
from eventlog.replay import read_events
from eventlog.topics import Topic
from kernel.clock import now

logger = structlog.get_logger(__name__)

PAGE = 100
TOPICS_PER_SWEEP = 200
FIRST_RETRY = timedelta(seconds=1)
LAST_RETRY = timedelta(hours=1)

Handle = Callable[[LoggedEvent], None]


class Consumer(msgspec.Struct, frozen=True):
    """A named reader of all topics of some kinds. `handle` runs in one transaction with the cursor and must be idempotent."""

    name: str
    kinds: tuple[str, ...]
    handle: Handle


class Backlog(msgspec.Struct, frozen=True):
    """What a consumer has not handled yet, in events, and how many topics it fails at."""

    consumer: str
    events: int
    failing: int


_consumers: dict[str, Consumer] = {}

_PENDING = """
SELECT topic.name FROM eventlog_topic topic
LEFT JOIN eventlog_cursor cursor ON cursor.consumer = %s AND cursor.topic = topic.name
WHERE split_part(topic.name, ':', 1) = ANY(%s::text[])
  AND topic.head > coalesce(cursor.seq, 0)
  AND (cursor.retry_at IS NULL OR cursor.retry_at <= now())
LIMIT %s
"""


_BACKLOG = """
SELECT coalesce(sum(topic.head - coalesce(cursor.seq, 0)), 0)::bigint, count(*) FILTER (WHERE cursor.failures > 0)
FROM eventlog_topic topic
LEFT JOIN eventlog_cursor cursor ON cursor.consumer = %s AND cursor.topic = topic.name
WHERE split_part(topic.name, ':', 1) = ANY(%s::text[]) AND topic.head > coalesce(cursor.seq, 0)
"""


def consumer(name: str, *, kinds: tuple[str, ...]) -> Callable[[Handle], Handle]:
    """Register the decorated function as a consumer of every topic of `kinds`."""

    def register(handle: Handle) -> Handle:
        if name in _consumers:
            raise RuntimeError(f"consumer {name} is registered twice")
        _consumers[name] = Consumer(name, kinds, handle)
        return handle

    return register


def registered_consumers() -> Iterable[Consumer]:
    """Return every registered consumer."""
    return _consumers.values()


def is_consumed(topic: Topic) -> bool:
    """Tell whether any consumer sees the events of a topic."""
    kind = topic.partition(":")[0]
    return any(kind in reader.kinds for reader in _consumers.values())


def sweep(reader: Consumer) -> int:
    """Let a consumer handle what it has not seen yet, at most a page per topic; return the number of events handled.

    A topic whose handling fails keeps its cursor and is tried again later, with growing pauses: nothing is skipped.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PENDING, [reader.name, list(reader.kinds), TOPICS_PER_SWEEP])
        topics = [Topic(name) for (name,) in cursor.fetchall()]
    handled = sum(_advance(reader, topic) for topic in topics)
    if handled:
        EVENTS_CONSUMED.labels(reader.name).inc(handled)
    return handled


def backlogs() -> list[Backlog]:
    """Return how far each registered consumer is behind. One statement per consumer."""
    return [_backlog(reader) for reader in _consumers.values()]


def _backlog(reader: Consumer) -> Backlog:
    with connection.cursor() as cursor:
        cursor.execute(_BACKLOG, [reader.name, list(reader.kinds)])
        events, failing = cursor.fetchone()
    return Backlog(reader.name, events, failing)


def _advance(reader: Consumer, topic: Topic) -> int:
    try:
        return _handle_page(reader, topic)
    except Exception:
        logger.exception("consumer.failed", consumer=reader.name, topic=topic)
        CONSUMER_FAILURES.labels(reader.name).inc()
        _postpone(reader, topic)
        return 0


@transaction.atomic
def _handle_page(reader: Consumer, topic: Topic) -> int:
    cursor = _locked_cursor(reader, topic)
    if cursor is None:
        return 0
    events = read_events(topic, after=cursor.seq, limit=PAGE)
    if cursor.seq and events and events[0].seq > cursor.seq + 1:
        logger.error("consumer.events_gone", consumer=reader.name, topic=topic, after=cursor.seq, next=events[0].seq)
    for event in events:
        reader.handle(event)
    if events:
        cursor.seq = events[-1].seq
    cursor.failures, cursor.retry_at = 0, None
    cursor.save()
    return len(events)


def _locked_cursor(reader: Consumer, topic: Topic) -> Cursor | None:
    """Return the cursor under lock, or None when another worker is at it."""
    Cursor.objects.bulk_create([Cursor(consumer=reader.name, topic=topic)], ignore_conflicts=True)
    return Cursor.objects.select_for_update(skip_locked=True).filter(consumer=reader.name, topic=topic).first()


@transaction.atomic
def _postpone(reader: Consumer, topic: Topic) -> None:
    cursor = _locked_cursor(reader, topic)
    if cursor is None:
        return
    cursor.failures += 1
    cursor.retry_at = now() + min(LAST_RETRY, FIRST_RETRY * 2 ** min(cursor.failures, 20))
    cursor.save()
