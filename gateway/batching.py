"""Group commit: commands of all sockets are gathered while the previous batch commits. What a batch does is its handler's business."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import structlog

from gateway.errors import InternalError
from gateway.handing_over import HandOver
from gateway.metrics import BATCH_COMMANDS, COMMAND_SECONDS, COMMANDS
from gateway.pool import DatabasePool, call_domain
from gateway.signal import Signal
from kernel.actor import Actor
from kernel.commands import BatchHandler, Outcome
from kernel.errors import DomainError, Unavailable
from kernel.metrics import limit_hit

logger = structlog.get_logger(__name__)

BATCH_SIZE = 512
QUEUE_SIZE = 8_192
"""Commands that wait: some seconds of work. Beyond that it is kinder to say so."""
FULL_RETRY_SECONDS = 1.0
IN_FLIGHT_MAX = 256
"""Commands of one socket that may be under way in batches before its next frame is read."""


class _Waiting(NamedTuple):
    actor: Actor
    body: Any
    answered: Callable[[Outcome], None]
    since: float


class Batcher:
    """The commands of one type of all sockets of this process: one batch at a time, in the order that they came.

    A command that finds nobody before it starts at once, with those that came in the same round of the event loop; what comes while
    they commit is the next batch. So its latency at idle is that of a single one, and under load the batch grows by itself.

    The thread takes one batch after the other, for as long as something waits, without asking the loop; the loop wakes up once for
    each, for its events and its answers. Lives on the loop that it was made on; what the two share is behind the lock.
    """

    def __init__(self, name: str, handler: BatchHandler, hand_over: HandOver) -> None:
        self._name = name
        self._handler = handler
        self._hand_over = hand_over
        self._loop = asyncio.get_running_loop()
        self._pool = DatabasePool(f"batch-{name}", 1)  # its own thread: slow commands of other types do not hold it up
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._working = False

    def put(self, actor: Actor, body: Any, answered: Callable[[Outcome], None]) -> None:
        """Have a command carried out; `answered` is called, once, on the event loop. Raises `Unavailable` when too many wait."""
        if len(self._waiting) >= QUEUE_SIZE:
            limit_hit("batch.queue")
            raise Unavailable(retry_after=FULL_RETRY_SECONDS)
        with self._lock:
            self._waiting.append(_Waiting(actor, body, answered, self._loop.time()))
            begins, self._working = not self._working, True
        if begins:
            self._loop.call_soon(self._pool.begin, self._work)

    @property
    def queued(self) -> int:
        """How many commands wait for the next batch."""
        return len(self._waiting)

    def close(self) -> None:
        """Let a running batch end and begin no other."""
        with self._lock:
            self._waiting.clear()
        self._pool.close()

    # In the thread ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while batch := self._take():
            with self._hand_over.together():
                outcomes = self._carry_out(batch)
                self._hand_over.call_soon(partial(self._answer, batch, outcomes))

    def _take(self) -> list[_Waiting]:
        """Return the next batch; with an empty one, the work is over until somebody comes."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_SIZE))]
            self._working = bool(batch)
            return batch

    def _carry_out(self, batch: Sequence[_Waiting]) -> Sequence[Outcome]:
        """Return an outcome for each, whatever happens; a failure that is not the database's is traced to the command at fault."""
        try:
            outcomes = call_domain(lambda: self._handler([(waiting.actor, waiting.body) for waiting in batch]))
            return [outcome for _, outcome in zip(batch, outcomes, strict=True)]
        except DomainError as error:
            return [error] * len(batch)
        except Exception:
            if len(batch) > 1:
                return [outcome for waiting in batch for outcome in self._carry_out([waiting])]
            logger.exception("gateway.command_failed", command=self._name)
            return [InternalError()]

    # On the loop -----------------------------------------------------------------------------------------------------

    def _answer(self, batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        self._count(batch[0].since, outcomes)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.answered(outcome)

    def _count(self, since: float, outcomes: Sequence[Outcome]) -> None:
        """Count once per batch; its time is that of the command that waited longest."""
        BATCH_COMMANDS.labels(self._name).observe(len(outcomes))
        COMMAND_SECONDS.labels(self._name).observe(self._loop.time() - since)
        codes = Counter([outcome.code if isinstance(outcome, DomainError) else "ok" for outcome in outcomes])
        for code, times in codes.items():
            COMMANDS.labels(self._name, code).inc(times)


class UnderWay:
    """What one socket has asked for and is not answered yet. Keeps its commands, and their answers, in the order they came.

    Commands of one batcher follow each other without waiting for answers; every other one waits for all before it.
    """

    __slots__ = ("_batched", "_batcher", "_changed", "_reading")

    def __init__(self) -> None:
        self._reading = False
        self._batcher: Batcher | None = None
        self._batched = 0
        self._changed = Signal()

    @property
    def idle(self) -> bool:
        """Whether nothing is carried out or waits for its answer."""
        return not self._reading and not self._batched

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count as busy while a message of the client is carried out."""
        self._reading = True
        try:
            yield
        finally:
            self._reading = False
            self._changed.give()

    async def turn(self, batcher: Batcher | None = None) -> None:
        """Return when the next command may begin: with others of its batcher, up to a bound, else when all are answered."""
        if self._batched >= IN_FLIGHT_MAX:
            limit_hit("socket.in_flight")
        while self._batched and (batcher is not self._batcher or self._batched >= IN_FLIGHT_MAX):
            await self._changed.wait()

    async def settled(self) -> None:
        """Return when everything that was asked for is answered."""
        while not self.idle:
            await self._changed.wait()

    def begin(self, batcher: Batcher) -> None:
        """Count a command that was given to a batcher."""
        self._batcher = batcher
        self._batched += 1

    def end(self) -> None:
        """Count one that was answered."""
        self._batched -= 1
        self._changed.give()
