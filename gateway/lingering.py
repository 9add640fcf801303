"""Which topics were given up a short while ago, so that those who were cut off find them as they left them. Closing is the hub's."""

from __future__ import annotations

from eventlog.topics import Topic
from kernel.metrics import limit_hit

LINGER_SECONDS = 60.0
LINGERING_TOPICS = 10_000


class Lingering:
    """Topics without followers, each for so many seconds, and never more than 10,000: then the oldest goes first."""

    def __init__(self, seconds: float = LINGER_SECONDS, limit: int = LINGERING_TOPICS) -> None:
        self._seconds = seconds
        self._limit = limit
        self._deadlines: dict[Topic, float] = {}

    def __len__(self) -> int:
        return len(self._deadlines)

    def add(self, topic: Topic, now: float) -> None:
        """Begin to wait for somebody to come back."""
        self.discard(topic)
        self._deadlines[topic] = now + self._seconds

    def discard(self, topic: Topic) -> None:
        """Stop to wait: somebody has come back."""
        self._deadlines.pop(topic, None)

    def take_due(self, now: float) -> list[Topic]:
        """Remove and return the topics that nobody has come back to in time, and those that are too many."""
        surplus = len(self._deadlines) - self._limit
        if surplus > 0:
            limit_hit("lingering.topics", surplus)
        due = []
        for place, (topic, deadline) in enumerate(self._deadlines.items()):
            if deadline > now and place >= surplus:
                break
            due.append(topic)
        for topic in due:
            del self._deadlines[topic]
        return due
