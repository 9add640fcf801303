"""Followers of topics whose access changed for very many: nothing reaches them until it was asked anew, then they go on or are closed.

When a topic is reviewed is told by the log (`access.reviewed`); who may follow is the answer of each topic's kind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from eventlog.topics import Topic, authorise_follows
from gateway.hub import Hub
from gateway.memory import Delivery
from gateway.pool import DatabasePool
from gateway.turns import Turns
from kernel.errors import DomainError, Unavailable

if TYPE_CHECKING:
    from gateway.connection import Connection

logger = structlog.get_logger(__name__)

ASKED_AT_ONCE = 512
"""Questions in one call, of two statements per kind of topic; some ten milliseconds."""
TRIES = 30
RETRY_SECONDS = 1.0
"""While the database is away nobody goes on, and who waited for longer comes back by themselves."""

_Key = tuple["Connection", Topic]


class Reviews:
    """Asks for sockets whose topics were reviewed, in the order in which they were, many in one call; one call at a time.

    Whoever stops to follow, follows anew or goes meanwhile is forgotten: a new follow has an answer of its own.
    """

    def __init__(self, hub: Hub, pool: DatabasePool, turns: Turns) -> None:
        self._hub = hub
        self._pool = pool
        self._turns = turns
        self._waiting: dict[_Key, Delivery] = {}
        self._asking: asyncio.Task[None] | None = None
        self._going_on: dict[_Key, asyncio.Task[None]] = {}

    def add(self, connection: Connection, topic: Topic, delivery: Delivery) -> None:
        """Ask whether a socket, which was a follower up to this event, may go on behind it."""
        self._waiting[connection, topic] = delivery
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())

    def forget(self, connection: Connection, topic: Topic) -> None:
        """The socket does not follow the topic any more."""
        self._waiting.pop((connection, topic), None)
        task = self._going_on.pop((connection, topic), None)
        if task is not None:
            task.cancel()

    def stop(self) -> None:
        """Ask nothing any more."""
        for task in (*self._going_on.values(), *([self._asking] if self._asking else [])):
            task.cancel()

    async def _ask(self) -> None:
        while self._waiting:
            asked = list(islice(self._waiting.items(), ASKED_AT_ONCE))
            answers = await self._answers([key for key, _ in asked])
            for ((connection, topic), delivery), refused in zip(asked, answers, strict=True):
                await self._turns.turn()
                if self._waiting.get((connection, topic)) is delivery:
                    del self._waiting[connection, topic]
                    self._settle(connection, topic, delivery, refused)

    async def _answers(self, asked: Sequence[_Key]) -> Sequence[DomainError | None]:
        """Return who is refused; everybody for the time being where the database stays away."""
        questions = [(connection.actor, str(topic)) for connection, topic in asked]
        for _ in range(TRIES):
            try:
                return await self._pool.run(authorise_follows, questions)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                logger.exception("reviews.failed")
                break
        return [Unavailable()] * len(asked)

    def _settle(self, connection: Connection, topic: Topic, delivery: Delivery, refused: DomainError | None) -> None:
        if isinstance(refused, Unavailable):
            connection.must_resume()
        elif refused is not None:
            connection.access_revoked(topic)
        else:
            key = connection, topic
            self._going_on[key] = task = asyncio.create_task(self._go_on(connection, topic, delivery))
            task.add_done_callback(lambda done: self._went_on(key, done))

    async def _go_on(self, connection: Connection, topic: Topic, delivery: Delivery) -> None:
        """Make the socket a follower again, from the event that doubted it; another may have come meanwhile, and doubts it again."""
        stream = await self._hub.hold(topic)
        try:
            connection.offer(delivery.frame)
            await self._hub.catch_up(stream, connection, delivery.seq)
        except Unavailable:
            connection.must_resume()
        finally:
            self._hub.release(stream)

    def _went_on(self, key: _Key, task: asyncio.Task[None]) -> None:
        if self._going_on.get(key) is task:
            del self._going_on[key]
