"""What tests ask of the log: the events of a topic, decoded as the structs that they were."""

from __future__ import annotations

import msgspec

from eventlog.events import Event, registered_events
from eventlog.replay import read_events
from eventlog.topics import Topic


def events_of(topic: Topic, *, after: int = 0) -> list[tuple[int, str, Event]]:
    """Return (seq, type, event) of every kept event of the topic after a seq, in order."""
    return [
        (stored.seq, stored.type, msgspec.json.decode(stored.data, type=registered_events()[stored.type].event))
        for stored in read_events(topic, after=after, limit=10_000)
    ]


def types_of(topic: Topic, *, after: int = 0) -> list[str]:
    """Return the types of every kept event of the topic after a seq, in order."""
    return [name for _, name, _ in events_of(topic, after=after)]
