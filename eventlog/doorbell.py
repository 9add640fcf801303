"""The doorbell: who wants to hear at once what was committed. A lost ring costs latency, never data; transport lives in gateway."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
import structlog

from eventlog.topics import Topic
from kernel.ids import UserId

logger = structlog.get_logger(__name__)


class LoggedEvent(msgspec.Struct, frozen=True):
    """A committed, durable event: `data` is the JSON of its body."""

    topic: Topic
    seq: int
    type: str
    data: bytes


class EphemeralEvent(msgspec.Struct, frozen=True):
    """An event without a number; of those with the same `key`, a slow client needs only the newest.

    It is for those who follow when the topic is at `after` or further: who has lost the topic by then must not hear it. Nor do
    the sockets of the user `by` whom it is.
    """

    topic: Topic
    type: str
    data: bytes
    key: str
    after: int = 0
    by: UserId | None = None


def by_topic(events: Iterable[LoggedEvent]) -> dict[Topic, list[LoggedEvent]]:
    """Return the events of each topic, in the order they have."""
    found: dict[Topic, list[LoggedEvent]] = {}
    for event in events:
        found.setdefault(event.topic, []).append(event)
    return found


class Listener(Protocol):
    """Hears of events in the thread that committed or published them; must not block."""

    def committed(self, events: Sequence[LoggedEvent]) -> None:
        """Called after the commit of the transaction that appended `events`."""

    def published(self, event: EphemeralEvent) -> None:
        """Called when an ephemeral event is published."""


_listeners: list[Listener] = []


def add_listener(listener: Listener) -> None:
    """Call `listener` for every later event of this process."""
    _listeners.append(listener)


def remove_listener(listener: Listener) -> None:
    """Undo `add_listener`."""
    _listeners.remove(listener)


def ring(events: Sequence[LoggedEvent]) -> None:
    """Tell every listener of committed events. A listener's failure is logged and stops nobody: readers find the events by cursor."""
    for listener in _listeners:
        try:
            listener.committed(events)
        except Exception:
            logger.exception("doorbell.failed", events=len(events))


def announce(event: EphemeralEvent) -> None:
    """Tell every listener of an ephemeral event; failures are logged."""
    for listener in _listeners:
        try:
            listener.published(event)
        except Exception:
            logger.exception("doorbell.failed", type=event.type)
