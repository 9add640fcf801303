"""Windows of viewers whose standing changed: shut until it is asked again what they may see, then open, narrower or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from eventlog.topics import Topic, parse_topic
from gateway.gathering import Gatherer
from gateway.pool import DatabasePool
from gateway.presence.audience import AudienceQuestion, ask_audience
from gateway.presence.windows import Window, Windows
from kernel.errors import DomainError, Unavailable
from kernel.ids import CommunityId, UserId
from kernel.metrics import limit_hit

if TYPE_CHECKING:
    from gateway.connection import Connection

QUESTIONS_MAX = 5
"""Times that one window's question is asked again because the viewer's standing changed meanwhile."""
RETRY_SECONDS = 1.0


class Doubts:
    """Asks what windows may show. A change of the viewer's standing while it asks makes the answer worthless: it asks again.

    What cannot be asked, because the database is away, stays shut until `ask_again`.
    """

    def __init__(
        self,
        windows: Windows[Connection],
        pool: DatabasePool,
        reopened: Callable[[Window[Connection]], None],
    ) -> None:
        self._windows = windows
        self._audience: Gatherer[AudienceQuestion, Collection[UserId]] = Gatherer(pool, ask_audience)
        self._reopened = reopened
        self._asking: set[asyncio.Task[None]] = set()

    async def decide(self, window: Window[Connection]) -> Collection[UserId]:
        """Return whom a window may show. Raises what the audience raises, `Unavailable` when the standing changes again and again."""
        for _ in range(QUESTIONS_MAX):
            doubts = window.doubts
            community = CommunityId(parse_topic(window.topic)[1])
            question = AudienceQuestion(window.viewer.actor, community, frozenset(window.users))
            allowed = await self._audience.ask(question)
            if window.doubts == doubts:
                return allowed
        limit_hit("presence.questions")
        raise Unavailable(retry_after=RETRY_SECONDS)

    def doubt(self, topic: Topic, user_id: UserId) -> None:
        """Take it that a user may see less of a community than before."""
        for window in self._windows.of_topic(topic):
            if window.viewer.user_id == user_id and self._windows.shut(window):
                self._ask_soon(window)

    def doubt_all(self, topic: Topic) -> None:
        """Take it that everybody may see less of a community than before."""
        for window in self._windows.of_topic(topic):
            if self._windows.shut(window):
                self._ask_soon(window)

    async def ask_again(self) -> None:
        """Ask about every viewer's standing: one that changed without an event, or could not be asked about."""
        await asyncio.gather(*(self._reconsider(window) for window in self._windows.granted()))

    def stop(self) -> None:
        """Ask nothing any more."""
        for task in self._asking:
            task.cancel()

    def _ask_soon(self, window: Window[Connection]) -> None:
        task = asyncio.create_task(self._reconsider(window))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _reconsider(self, window: Window[Connection]) -> None:
        try:
            allowed = await self.decide(window)
        except Unavailable:
            return
        except DomainError:
            self._windows.discard(window)
            return
        was_shut = not window.is_open
        if self._windows.open(window, allowed) and was_shut:
            self._reopened(window)
