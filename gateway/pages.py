"""Pages of the log, read once for all who need them at the same time. Who needs which, and when, is the hub's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context

from eventlog.doorbell import LoggedEvent
from eventlog.topics import Topic
from gateway.memory import Missed, delivery_of

Key = tuple[Topic, int]
Read = Callable[[Topic, int], Awaitable[Sequence[LoggedEvent]]]


class Pages:
    """Shares one read of the log among all who ask for the same page while it is under way.

    A storm of clients that lack the same events is served by one statement per page; the page is encoded once for all.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._under_way: dict[Key, asyncio.Task[Missed | None]] = {}

    async def after(self, topic: Topic, position: int) -> Missed | None:
        """Return the next page of events after a position; None when the log has none. Raises what reading raises."""
        key = (topic, position)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._page(topic, position), context=Context())
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    def _ended(self, key: Key, task: asyncio.Task[Missed | None]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # seen, even if everyone who asked has gone

    async def close(self) -> None:
        """Stop reading."""
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _page(self, topic: Topic, position: int) -> Missed | None:
        events = await self._read(topic, position)
        return Missed(topic, [delivery_of(event) for event in events]) if events else None
