"""allauth's token strategy: one access token serves REST, the socket and `/_allauth/app`, and a login issues our pair of tokens."""

from __future__ import annotations

from typing import Any

from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest

from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.tokens import read_access_token
from accounts.errors import SessionEnded
from accounts.flows.sessions import started_session
from accounts.models import Session
from accounts.queries.sessions import find_live_session
from accounts.storage.web_sessions import SESSION_ID, SessionStore, StoredKey, stored_key
from kernel.ids import SessionId

_BEARER = "Bearer "  # a session token has no space, so the two cannot be taken for each other


class TokenStrategy(AbstractTokenStrategy):
    """While somebody proves who they are, the key of a Django session is the token; after that, our access token is as good."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        """Return what the client identifies itself with: an access token, else a session token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return _BEARER + token.strip()
        return request.headers.get("X-Session-Token")

    def lookup_session(self, session_token: str) -> SessionStore | None:
        """Return the Django session; None for a session token that opens none.

        Raises `TokenExpired`, `TokenInvalid` or `SessionEnded` for an access token that is no good.
        """
        if session_token.startswith(_BEARER):
            return _session_behind(session_token.removeprefix(_BEARER))
        return SessionStore(session_token) if SessionStore().exists(session_token) else None

    def create_session_token(self, request: HttpRequest) -> str:
        """Return the token of the request's Django session, which is inserted when it is new."""
        if not request.session.session_key:
            request.session.save()
        key = str(request.session.session_key)
        return self.get_session_token(request) or key if isinstance(request.session.session_key, StoredKey) else key

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        """Return the tokens of the session that this request has started, if it has."""
        started = started_session(request)
        if started is None:
            return None
        pair = started.signed_in
        return {"access_token": pair.access, "refresh_token": pair.refresh, "expires_in": pair.expires_in}

    def refresh_token(self, refresh_token: str) -> tuple[str, str]:
        """Return the next pair of tokens. Raises as `accounts.actions.refresh_tokens.refresh_session` does."""
        pair = refresh_session(refresh=refresh_token)
        return pair.access, pair.refresh


def _session_behind(access_token: str) -> SessionStore:
    claims = read_access_token(access_token)
    session = find_live_session(claims.session_id, claims.user_id)
    if session is None:
        raise SessionEnded
    return SessionStore.of_session(SessionId(session.id)) or _session_for(session)


def _session_for(session: Session) -> SessionStore:
    """Return a new Django session for a device that has none any more: it expired, or the device signed in before there were any."""
    store = SessionStore()
    store[SESSION_KEY] = str(session.user_id)
    store[BACKEND_SESSION_KEY] = "accounts.authentication.LimitedModelBackend"
    store[HASH_SESSION_KEY] = session.user.get_session_auth_hash()
    store[SESSION_ID] = str(session.id)
    store.create()
    return SessionStore(StoredKey(stored_key(str(store.session_key))))
