"""Every socket watches its user's topic for the end of its session or API key, whether the client follows that topic or not."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

import msgspec

from accounts.events import ApiKeyRevoked, ApiKeyRotated, SessionRevoked
from eventlog.doorbell import LoggedEvent
from eventlog.topics import Topic
from gateway.bursts import Burst, Encoding
from gateway.close_codes import CloseCode
from gateway.frames import Frame
from gateway.memory import Delivery
from kernel.actor import Actor


class Watched(Protocol):
    """What is watched: a socket, its user and its session or key."""

    @property
    def actor(self) -> Actor:
        """Whose session or key it is."""

    def expire_by(self, moment: datetime) -> None:
        """End the socket then, if it would live longer."""

    def close(self, code: CloseCode) -> None:
        """End the socket."""


class SessionWatch:
    """A subscriber of `user:<id>` that passes nothing on and closes its socket when the session or the key is revoked."""

    __slots__ = ("_socket", "user_id")
    straight: Final[None] = None
    encoding: Final[Encoding] = "json"

    def __init__(self, socket: Watched) -> None:
        self._socket = socket
        self.user_id = socket.actor.require_user()

    def offer(self, frame: Frame) -> None:
        """The client did not ask for these."""

    def deliver(self, burst: Burst) -> None:
        """The client did not ask for these."""

    def observe(self, event: LoggedEvent) -> None:
        """Take notice of the end of a session or a key, or that the end of a key was moved."""
        actor, ended = self._socket.actor, False
        match event.type:
            case "session.revoked":
                ended = msgspec.json.decode(event.data, type=SessionRevoked).session == actor.session_id
            case "api_key.revoked":
                ended = msgspec.json.decode(event.data, type=ApiKeyRevoked).key == actor.key_id
            case "api_key.rotated":
                rotated = msgspec.json.decode(event.data, type=ApiKeyRotated)
                if rotated.old == actor.key_id:
                    self._socket.expire_by(rotated.old_expires_at)
        if ended:
            self._socket.close(CloseCode.SESSION_REVOKED)

    def access_revoked(self, topic: Topic) -> None:
        """Nobody loses their own topic."""

    def access_reviewed(self, topic: Topic, delivery: Delivery) -> None:
        """Nor is that asked."""

    def must_resume(self) -> None:
        """Events are gone, perhaps the end of the session among them: end the socket to be safe. Who is still signed in comes back."""
        self._socket.close(CloseCode.INTERNAL)

    async def ready(self) -> None:
        """Takes everything at once."""
