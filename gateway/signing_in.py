"""From a proof to a greeting, for many sockets at once. What a good proof is, accounts say; when what is asked, the consumer."""

from __future__ import annotations

from typing import Protocol

from accounts.authentication import (
    AuthenticatedSession,
    actors_of_api_keys,
    unchecked_actor_of_access_token,
    unchecked_redeem_tickets,
)
from accounts.processing.key_texts import is_meant_as_key
from gateway.admission import ReconnectAdvice
from gateway.frames import Frame
from gateway.gathering import Gatherer
from gateway.hello import Arrival, greet_all
from gateway.pool import DatabasePool


class Proof(Protocol):
    """What says who a client is: an upgrade request or an `auth` frame, with one of these."""

    @property
    def ticket(self) -> str | None:
        """A single-use ticket."""

    @property
    def token(self) -> str | None:
        """An access token or an API key."""


class SigningIn:
    """Signs sockets in with few calls, however many come at once. Lives on one event loop."""

    def __init__(self, pool: DatabasePool) -> None:
        self._tickets: Gatherer[str, AuthenticatedSession] = Gatherer(pool, unchecked_redeem_tickets)
        self._keys: Gatherer[str, AuthenticatedSession] = Gatherer(pool, actors_of_api_keys)
        self._arrivals: Gatherer[Arrival, Frame] = Gatherer(pool, greet_all)

    async def prove(self, proof: Proof) -> AuthenticatedSession:
        """Return who the proof stands for: a ticket, which is used up, an API key, which is looked up, or an access token, whose
        signature is read.

        Whether the session or key still lives is for `greet` to look, or for the watch of a socket that is open. Raises what the proof
        deserves.
        """
        if proof.ticket is not None:
            return await self._tickets.ask(proof.ticket)
        token = proof.token or ""
        if is_meant_as_key(token):
            return await self._keys.ask(token)
        return unchecked_actor_of_access_token(token)

    async def greet(self, session: AuthenticatedSession, socket_id: str, reconnect: ReconnectAdvice) -> Frame:
        """Return the greeting. Raises `SessionEnded` or `KeyEnded`, and `Unavailable` when the database is away."""
        return await self._arrivals.ask(Arrival(session, socket_id, reconnect))
