"""When to flush what was gathered of a topic: at once when idle, in larger bursts under load. No clock is read here."""

from __future__ import annotations

LONGEST_GATHERING_SECONDS = 0.02


class Pacer:
    """Decides how long a topic's events are gathered.

    A burst to many sockets takes time, in which more events arrive. Once as many have gathered as went out together the last time,
    all that were under way have come back, and waiting longer only adds latency. With fewer, more are probably on their way: wait for
    them, but no longer than the last flush took.
    """

    __slots__ = ("_gather_until", "_last_size")

    def __init__(self) -> None:
        self._last_size = 1
        self._gather_until = 0.0

    def wait(self, gathered: int, now: float) -> float:
        """Return for how many seconds more to gather; 0 to flush now."""
        if gathered >= self._last_size:
            return 0.0
        return max(0.0, self._gather_until - now)

    def flushed(self, size: int, started: float, ended: float) -> None:
        """Learn how many events went out together and how long that took."""
        self._last_size = size
        self._gather_until = ended + min(ended - started, LONGEST_GATHERING_SECONDS)
