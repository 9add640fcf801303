"""From the thread that committed to the hub and the other processes. The log's `Listener`, installed in every process."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable, Sequence

import structlog

from eventlog.doorbell import EphemeralEvent, LoggedEvent
from gateway import process
from gateway.relay import ChannelLayerRelay

logger = structlog.get_logger(__name__)

FLUSH_SECONDS = 2.0
START_SECONDS = 5.0


class Doorbell:
    """Hands events to the gateway of this process, or, where there is none (worker, commands), to a sender of its own."""

    def __init__(self) -> None:
        self._sender: BackgroundSender | None = None
        self._lock = threading.Lock()

    def committed(self, events: Sequence[LoggedEvent]) -> None:
        """Called in the thread that committed."""
        gateway = process.current()
        if gateway is not None:
            gateway.call_soon(gateway.committed, events)
        else:
            self._background().call_soon(lambda relay: relay.send_events(events))

    def published(self, event: EphemeralEvent) -> None:
        """Called in the thread that published."""
        gateway = process.current()
        if gateway is not None:
            gateway.call_soon(gateway.published, event)
        else:
            self._background().call_soon(lambda relay: relay.send_ephemeral(event))

    def _background(self) -> BackgroundSender:
        with self._lock:
            if self._sender is None:
                self._sender = BackgroundSender()
            return self._sender


class BackgroundSender:
    """A thread with an event loop that only sends; what is queued at exit is sent within two seconds or given up."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._relay: ChannelLayerRelay | None = None
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="doorbell", daemon=True)
        self._thread.start()
        started.wait(START_SECONDS)
        atexit.register(self.flush)

    def call_soon(self, send: Callable[[ChannelLayerRelay], None]) -> None:
        """Let the thread send something."""
        self._loop.call_soon_threadsafe(self._call, send)

    def flush(self) -> None:
        """Wait for what is queued, for a bounded time."""
        done = asyncio.run_coroutine_threadsafe(self._drained(), self._loop)
        try:
            done.result(FLUSH_SECONDS)
        except TimeoutError:
            logger.warning("doorbell.not_flushed")

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        started.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        self._relay = ChannelLayerRelay(lambda _: None)
        self._relay.start_sending()

    def _call(self, send: Callable[[ChannelLayerRelay], None]) -> None:
        if self._relay is not None:
            send(self._relay)

    async def _drained(self) -> None:
        if self._relay is not None:
            await self._relay.drain()
