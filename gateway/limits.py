"""How much one socket may send: frames per window, and bad frames before it is closed. Counted in memory, per socket."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from kernel.rate_limits import RateLimit


class SlidingWindow:
    """Counts up to a limit's quota within its seconds. `now` is any clock that only goes forward, in seconds."""

    __slots__ = ("_times", "limit")

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._times: array[float] | None = None

    def take(self, now: float) -> float:
        """Use one unit; return 0, or the seconds until one is free when none is left (then nothing was used)."""
        if self._times is None:
            self._times = array("d")
        over = bisect_right(self._times, now - self.limit.seconds)
        if over:
            del self._times[:over]
        if len(self._times) >= self.limit.quota:
            return self._times[0] + self.limit.seconds - now
        self._times.append(now)
        return 0.0
