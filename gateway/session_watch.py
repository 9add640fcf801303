"""Every socket watches its user's topic for the end of its session, whether the client follows that topic or not."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from accounts.events import SessionRevoked
from eventlog.doorbell import LoggedEvent
from eventlog.topics import Topic
from gateway.frames import Burst, Frame
from kernel.ids import SessionId, UserId


class SessionWatch:
    """A subscriber of `user:<id>` that passes nothing on and calls `ended` when the session is revoked."""

    __slots__ = ("_ended", "_session_id", "user_id")

    def __init__(self, user_id: UserId, session_id: SessionId | None, ended: Callable[[], None]) -> None:
        self.user_id = user_id
        self._session_id = session_id
        self._ended = ended

    def offer(self, frame: Frame) -> None:
        """The client did not ask for these."""

    def deliver(self, burst: Burst) -> None:
        """The client did not ask for these."""

    def observe(self, event: LoggedEvent) -> None:
        """Take notice of the end of a session."""
        if msgspec.json.decode(event.data, type=SessionRevoked).session == self._session_id:
            self._ended()

    def access_revoked(self, topic: Topic) -> None:
        """Nobody loses their own topic."""

    def must_resume(self) -> None:
        """Events are gone, and a revocation may have been among them: end the socket to be safe."""
        self._ended()

    async def ready(self) -> None:
        """Takes everything at once."""
