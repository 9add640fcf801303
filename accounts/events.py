"""The wire contract of accounts: what a user, a session and a sign-in look like, and the events on `user:<id>`. No models."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from eventlog.events import Event, durable_event
from kernel.wire import WireStruct


class UserPayload(WireStruct, frozen=True):
    """What everybody may know of a user."""

    id: UUID
    username: str
    display_name: str


class MePayload(UserPayload, frozen=True):
    """What a user is told about themselves."""

    email: str
    created_at: datetime


class TokenPair(WireStruct, frozen=True):
    """An access token, good for `expires_in` seconds, and the refresh token that gets the next pair, once."""

    access: str
    refresh: str
    expires_in: int


class SignedIn(TokenPair, frozen=True):
    """A new session: its tokens and its user."""

    user: MePayload


class SocketTicket(WireStruct, frozen=True):
    """A secret that opens one socket, once, within `expires_in` seconds."""

    ticket: str
    expires_in: int


@durable_event("user.updated")
class UserUpdated(Event, frozen=True):
    """The user changed their profile; told to their own devices."""

    user: MePayload


@durable_event("session.revoked")
class SessionRevoked(Event, frozen=True):
    """The session is over: its tokens are refused from now on and its sockets are closed."""

    session: UUID
