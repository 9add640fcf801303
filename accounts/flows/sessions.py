"""Ties a completed login of allauth to an `accounts.Session`, and the end of one to the end of the other."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.actions.sessions import StartedSession, revoke_session, start_session
from accounts.authentication import client_of
from accounts.errors import InvalidCredentials
from accounts.models import User
from accounts.storage.web_sessions import SESSION_ID, session_id_of
from kernel.actor import SYSTEM

_PROOF = "login_proof"
_STARTED = "_started_session"


def remember_proof(request: HttpRequest, user: User) -> None:
    """Keep what the user's password is while the login goes through its stages; not the password or its hash, a digest of that."""
    request.session[_PROOF] = user.get_session_auth_hash()


def begin_session(request: HttpRequest, user: User) -> None:
    """Start the `accounts.Session` of a login that has passed all its stages, and tie Django's session to it.

    Raises `InvalidCredentials` when the password was changed since the login began, or as `start_session` does.
    """
    if request.session.pop(_PROOF, None) != user.get_session_auth_hash():
        raise InvalidCredentials
    started = start_session(user, client_of(request))
    request.session[SESSION_ID] = str(started.id)
    setattr(request, _STARTED, started)


def started_session(request: HttpRequest) -> StartedSession | None:
    """Return the session that this request has started, with its tokens; they are nowhere else."""
    started: StartedSession | None = getattr(request, _STARTED, None)
    return started


def end_session(request: HttpRequest) -> None:
    """End the `accounts.Session` that the request's Django session hangs on, if any; its tokens and sockets go with it."""
    session_id = session_id_of(request.session)
    if session_id is not None:
        revoke_session(SYSTEM, session_id=session_id)
