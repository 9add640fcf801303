"""Wakes those who read the log in the background: rarely, however much is committed. What they read is none of its business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from eventlog.consumers import is_consumed
from eventlog.topics import Topic

READERS = Topic("log:readers")
"""The group that the worker joins."""
QUIET_SECONDS = 0.1


class ReadersBell:
    """Calls `ring` at once for the first event that a consumer wants, and then at most once in a tenth of a second."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._quiet: asyncio.TimerHandle | None = None
        self._missed = False

    def committed(self, topics: Iterable[Topic]) -> None:
        """Learn of topics that have new events. On the event loop."""
        if any(map(is_consumed, topics)):
            self._missed = True
            if self._quiet is None:
                self._ring_and_rest()

    def close(self) -> None:
        """Ring no more."""
        if self._quiet is not None:
            self._quiet.cancel()

    def _ring_and_rest(self) -> None:
        self._quiet = None
        if self._missed:
            self._missed = False
            self._ring()
            self._quiet = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._ring_and_rest)
