"""Lets the consumers of the log read on: when a process rings, and by the clock in case a ring was lost. Run by the worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from django.db import close_old_connections

from eventlog.consumers import registered_consumers, sweep
from gateway.readers_bell import READERS
from gateway.relay import ChannelLayerRelay

logger = structlog.get_logger(__name__)

PAUSE_SECONDS = 5.0
DEAF_PAUSE_SECONDS = 0.5
FAILURE_PAUSE_SECONDS = 5.0
GATHER_SECONDS = 0.1
"""Between two sweeps, however often somebody rings: each looks at the heads of all topics."""


class LogReader:
    """Sweeps at once when it is woken, else every five seconds; twice a second while Redis, and so the doorbell, is away."""

    def __init__(self, read: Callable[[], int] | None = None) -> None:
        self.hears = False
        self._read = read or _sweep_all
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Read on soon. On the event loop."""
        self._woken.set()

    async def run(self) -> None:
        """Listen to the doorbell, and read until cancelled."""
        relay = ChannelLayerRelay(lambda _: self.wake(), self.wake)
        relay.start()
        try:
            await relay.join(READERS)
            await self.read()
        finally:
            await relay.close()

    async def read(self) -> None:
        """Read until cancelled; a sweep that found something is followed by the next at once, as there may be more."""
        while True:
            self._woken.clear()
            try:
                handled = await asyncio.to_thread(self._read)
            except Exception:
                logger.exception("worker.sweep_failed")
                await asyncio.sleep(FAILURE_PAUSE_SECONDS)
                continue
            if not handled:
                await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), PAUSE_SECONDS if self.hears else DEAF_PAUSE_SECONDS)


def _sweep_all() -> int:
    """Sweep for every consumer in this thread, and give its database connection back."""
    try:
        return sum(map(sweep, registered_consumers()))
    finally:
        close_old_connections()
