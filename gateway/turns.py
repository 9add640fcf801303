"""Turns on the event loop: a crowd goes on a few at a time, so that live delivery gets in between."""

from __future__ import annotations

import asyncio
from collections import deque

TURNS_PER_ROUND = 16
"""A returning socket takes some 60 microseconds: a round of the loop is kept to about a millisecond of them."""


class Turns:
    """Lets so many callers go on in each round of the event loop; the others wait for the next, in the order they came."""

    def __init__(self, per_round: int = TURNS_PER_ROUND) -> None:
        self._per_round = per_round
        self._left = per_round
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._next: asyncio.Handle | None = None

    async def turn(self) -> None:
        """Return at once while this round has room, else in a later round."""
        loop = asyncio.get_running_loop()
        if self._next is None:
            self._next = loop.call_soon(self._begin_round)
        if self._left and not self._waiting:
            self._left -= 1
            return
        future = loop.create_future()
        self._waiting.append(future)
        await future

    def _begin_round(self) -> None:
        self._next = None
        self._left = self._per_round
        while self._waiting and self._left:
            future = self._waiting.popleft()
            if not future.done():  # whoever waited may have gone
                future.set_result(None)
                self._left -= 1
        if self._left < self._per_round:
            self._next = asyncio.get_running_loop().call_soon(self._begin_round)
