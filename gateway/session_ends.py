"""Looks into the tables for sessions and API keys that have ended, so their sockets close within a second whatever Redis does."""

from __future__ import annotations

from math import ceil
from typing import Final
from uuid import UUID

from accounts.errors import KeyEnded, SessionEnded
from accounts.queries.sessions import find_ended
from gateway.pool import DatabasePool
from kernel.actor import Actor
from kernel.errors import DomainError

LOOK_SECONDS: Final = 0.5
OVERLAP_SECONDS: Final = 60.0
"""How far a look reaches back behind the one before: longer than the end of a session takes to commit, and than clocks differ."""
REACH_MAX_SECONDS: Final = 600.0
"""After a longer time without PostgreSQL the log is compared anyway."""


class SessionEnds:
    """What has ended since this process looked last. One statement per look, however many sockets there are; in a thread of its own."""

    def __init__(self, now: float) -> None:
        self.pool = DatabasePool("sessions", 1)
        self._looked_at = now
        self._known: frozenset[UUID] = frozenset()

    async def look(self, now: float) -> frozenset[UUID]:
        """Return the ids of sessions and keys that no look before this one has found. Raises `Unavailable`; the next look makes up for it.

        Close who was greeted with one of them; who is being greeted has to pass `refusal` last.
        """
        reach = min(now - self._looked_at, REACH_MAX_SECONDS) + OVERLAP_SECONDS
        ended = await self.pool.run(find_ended, within=ceil(reach))
        new, self._known, self._looked_at = ended - self._known, ended, now
        return new

    def refusal(self, actor: Actor) -> DomainError | None:
        """Return why an actor is not greeted whose session or key has been found since it was looked up for the greeting."""
        if actor.session_id in self._known:
            return SessionEnded()
        return KeyEnded() if actor.key_id in self._known else None
