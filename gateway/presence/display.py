"""Shows changes through windows, only when this process has heard of everybody who may not look any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING

import structlog

from eventlog.topics import Topic
from gateway.metrics import PRESENCE_SECONDS
from gateway.presence.events import frame_of_change
from gateway.presence.windows import Window, Windows
from gateway.timers import ending
from kernel.errors import Unavailable
from kernel.ids import UserId

if TYPE_CHECKING:
    from gateway.connection import Connection
    from gateway.frames import Frame

logger = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0

Behind = Callable[[Collection[Topic]], Awaitable[Collection[Topic]]]
"""Brings topics to where the log has them, and returns those of which that was not possible. May raise `Unavailable`."""

_Changed = dict[Window["Connection"], set[UserId]]


class Display:
    """Nothing orders a sighting with the log: the doorbell of a removal may be lost where the sighting is not.

    So the heads of the communities concerned are compared with the log before anything is shown: one statement for all that changed
    while the last one ran, and none while nobody looks. What cannot be compared waits, of each user the newest alone.
    """

    def __init__(self, windows: Windows[Connection], behind: Behind) -> None:
        self._windows = windows
        self._behind = behind
        self._changed: _Changed = {}
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None

    def show(self, window: Window[Connection], user_ids: Collection[UserId]) -> None:
        """Show soon how these users are, as far as they are in the window then."""
        if not self._changed:
            self._since = asyncio.get_running_loop().time()
        self._changed.setdefault(window, set()).update(user_ids)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._show_changed())

    def stop(self) -> None:
        """Show nothing any more."""
        if self._task is not None:
            self._task.cancel()

    async def _show_changed(self) -> None:
        while self._changed and not ending():
            changed, self._changed, since = self._changed, {}, self._since
            behind = await self._still_behind({window.topic for window in changed})
            self._offer({window: users for window, users in changed.items() if window.topic not in behind})
            if behind:
                self._give_back({window: users for window, users in changed.items() if window.topic in behind}, since)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                PRESENCE_SECONDS.labels("shown").observe(asyncio.get_running_loop().time() - since)

    async def _still_behind(self, topics: Collection[Topic]) -> Collection[Topic]:
        try:
            return await self._behind(topics)
        except Unavailable:
            logger.warning("presence.not_shown", communities=len(topics))
        except Exception:
            logger.exception("presence.not_shown")
        return topics

    def _offer(self, changed: Mapping[Window[Connection], Collection[UserId]]) -> None:
        """Offer each change to those who look; the frame is made once per community."""
        frames: dict[tuple[Topic, UserId], Frame] = {}
        for window, user_ids in changed.items():
            for user_id in window.users.intersection(user_ids) if window.is_open else ():
                key = window.topic, user_id
                if key not in frames:
                    frames[key] = frame_of_change(*key, self._windows.presence(user_id))
                window.viewer.offer(frames[key])

    def _give_back(self, changed: _Changed, since: float) -> None:
        self._since = since
        for window, user_ids in changed.items():
            self._changed.setdefault(window, set()).update(user_ids)
