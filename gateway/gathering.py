"""Questions of many sockets, gathered into few calls of synchronous code. What is asked is the business of whoever makes a `Gatherer`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from gateway.pool import DatabasePool
from kernel.errors import DomainError, Unavailable
from kernel.metrics import limit_hit

Q = TypeVar("Q")
A = TypeVar("A")

CALL_SIZE = 256
QUEUE_SIZE = 20_000
FULL_RETRY_SECONDS = 1.0
CROWD = 4
LONGEST_PAUSE_SECONDS = 0.1
LONGEST_GAP_SECONDS = 0.01
ANSWERED_PER_ROUND = 16
"""Who is answered goes on at once: so that others get in between, a crowd is answered a few in each round of the event loop."""


class Gatherer(Generic[Q, A]):
    """Answers single questions with few calls: what is asked while a call runs is the next call.

    A question by itself never waits for company. For a tenth of a second after a call for several the next one waits for as long as more
    keep coming: until nobody came for ten milliseconds, for less after two or three. In a storm over a hundred share a
    call, where its own speed would make it ten; where all who are there have asked, nobody is waited for.

    `answer_all` gets at most 256 questions and returns an answer or a refusal for each, in order. At most `calls` run at a time, in
    the given pool. What it raises is the fate of its whole call. Lives on one event loop.
    """

    def __init__(
        self, pool: DatabasePool, answer_all: Callable[[Sequence[Q]], Sequence[A | DomainError]], *, calls: int = 1
    ) -> None:
        self._pool = pool
        self._answer_all = answer_all
        self._calls = calls
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._running = 0
        self._crowded_until = self._gap = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, question: Q) -> A:
        """Return the answer. Raises the refusal, what the call raises, or `Unavailable` when more than 20,000 wait."""
        if len(self._waiting) >= QUEUE_SIZE:
            limit_hit("gather.queue")
            raise Unavailable(retry_after=FULL_RETRY_SECONDS)
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._running < self._calls:
            self._running += 1
            task = asyncio.create_task(self._run(), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _run(self) -> None:
        """Call until nobody waits. The end is told at once, not by the task's callback: who was answered may ask again before that runs."""
        try:
            while self._waiting:
                await self._pause()
                asked = [self._waiting.popleft() for _ in range(min(len(self._waiting), CALL_SIZE))]
                still_wanted = [(question, future) for question, future in asked if not future.done()]
                if still_wanted:
                    await self._call(still_wanted)
        finally:
            self._running -= 1

    async def _pause(self) -> None:
        """Wait for as long as more keep coming, unless enough for a whole call are there."""
        loop = asyncio.get_running_loop()
        while len(self._waiting) < CALL_SIZE and (left := self._crowded_until - loop.time()) > 0:
            waiting = len(self._waiting)
            await asyncio.sleep(min(self._gap, left))
            if len(self._waiting) == waiting:
                return

    async def _call(self, asked: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._pool.run(self._answer_all, [question for question, _ in asked])
            outcomes: list[A | Exception] = [*answers]
        except Exception as error:  # noqa: BLE001  # whoever asked handles it
            outcomes = [error] * len(asked)
        if len(asked) > 1:
            self._crowded_until = asyncio.get_running_loop().time() + LONGEST_PAUSE_SECONDS
            self._gap = LONGEST_GAP_SECONDS * min(len(asked) / CROWD, 1.0)
        for place, ((_, future), outcome) in enumerate(zip(asked, outcomes, strict=True), 1):
            _settle(future, outcome)
            if place % ANSWERED_PER_ROUND == 0:
                await asyncio.sleep(0)


def _settle(future: asyncio.Future[A], outcome: A | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
