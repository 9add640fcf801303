"""From threads to the event loop: calls that belong together are handed over together, so that the loop wakes up once for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

logger = structlog.get_logger(__name__)

Call = Callable[[], None]


class _OfThread(threading.local):
    gathered: list[Call] | None = None


class HandOver:
    """Calls functions on one event loop, from any thread. What comes when the loop has ended is dropped."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._of_thread = _OfThread()

    def call_soon(self, call: Call) -> None:
        """Call a function on the loop: soon, or after the `together` block of this thread."""
        if self._of_thread.gathered is None:
            self._hand_over([call])
        else:
            self._of_thread.gathered.append(call)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hand over all calls of this thread at the end of the block, in one go and in their order, whatever happens in the block."""
        calls = self._of_thread.gathered = []
        try:
            yield
        finally:
            self._of_thread.gathered = None
            if calls:
                self._hand_over(calls)

    def _hand_over(self, calls: Sequence[Call]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_make, calls)


def _make(calls: Sequence[Call]) -> None:
    for call in calls:
        try:
            call()
        except Exception:
            logger.exception("gateway.call_failed")
