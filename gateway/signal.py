"""Waiting for a change that seldom has anybody waiting: what it costs an idle socket is one empty slot."""

from __future__ import annotations

import asyncio


class Signal:
    """Wakes everyone who waits, each time it is given. An `asyncio.Event` is only made when somebody waits. Lives on one event loop."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event: asyncio.Event | None = None

    def give(self) -> None:
        """Wake everyone who waits; whoever waits later waits for the next time."""
        if self._event is not None:
            self._event.set()
            self._event = None

    async def wait(self) -> None:
        """Return when it is given the next time."""
        if self._event is None:
            self._event = asyncio.Event()
        await self._event.wait()


class Gate:
    """What an `asyncio.Event` does, at the price of a `Signal`."""

    __slots__ = ("_changed", "_open")

    def __init__(self, *, is_open: bool) -> None:
        self._open = is_open
        self._changed = Signal()

    def is_set(self) -> bool:
        """Return whether it is open."""
        return self._open

    def set(self) -> None:
        """Open."""
        self._open = True
        self._changed.give()

    def clear(self) -> None:
        """Close."""
        self._open = False

    async def wait(self) -> None:
        """Return when it is open."""
        while not self._open:
            await self._changed.wait()
