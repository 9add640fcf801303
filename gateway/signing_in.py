"""From a proof to a greeting, for many sockets at once. What a good proof is, accounts say; when what is asked, the consumer."""

from __future__ import annotations

from accounts.authentication import (
    AuthenticatedSession,
    unchecked_actor_of_access_token,
    unchecked_redeem_tickets,
)
from gateway.admission import ReconnectAdvice
from gateway.frames import Frame
from gateway.gathering import Gatherer
from gateway.handshake import Handshake
from gateway.hello import Arrival, greet_all
from gateway.pool import DatabasePool


class SigningIn:
    """Signs sockets in with few calls, however many come at once. Lives on one event loop."""

    def __init__(self, pool: DatabasePool) -> None:
        self._tickets: Gatherer[str, AuthenticatedSession] = Gatherer(pool, unchecked_redeem_tickets)
        self._arrivals: Gatherer[Arrival, Frame] = Gatherer(pool, greet_all)

    async def prove(self, handshake: Handshake) -> AuthenticatedSession:
        """Return who the proof of the upgrade request stands for; `greet` looks whether the session still lives.

        A token costs nothing but its signature. Raises what the proof deserves.
        """
        if handshake.ticket is not None:
            return await self._tickets.ask(handshake.ticket)
        return unchecked_actor_of_access_token(handshake.token or "")

    async def greet(self, session: AuthenticatedSession, socket_id: str, reconnect: ReconnectAdvice) -> Frame:
        """Return the greeting. Raises `SessionEnded`, and `Unavailable` when the database is away."""
        return await self._arrivals.ask(Arrival(session, socket_id, reconnect))
