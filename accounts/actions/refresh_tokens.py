"""Staying signed in: a refresh token is exchanged for the next pair, and one that comes back too late ends its session."""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest

from django.conf import settings
from django.db import transaction

from accounts.actions.new_devices import tell_of_replay
from accounts.actions.sessions import unchecked_revoke_sessions
from accounts.actions.tokens import (
    Claims,
    adopt,
    date_token,
    hash_of_jti,
    new_refresh_token,
    read_refresh_token,
    successors_of_jti,
    token_pair,
)
from accounts.errors import RefreshReplayed, SessionEnded
from accounts.events import TokenPair
from accounts.models import Session
from accounts.models.locks import lock_session
from kernel.clock import now

_ROTATED = ["refresh_jti_hash", "previous_jti_hash", "refreshed_at", "refresh_retried", "last_used_at", "expires_at"]


def refresh_session(*, refresh: str) -> TokenPair:
    """Exchange a refresh token for the next pair. The token itself says who acts.

    Locks the session. Who asks again within `REFRESH_GRACE_SECONDS`, because the answer was lost, gets the same refresh token again
    as long as nobody has used it. Every other use of an older token ends the session for both who hold it: emits `session.replayed`
    and `session.revoked`, and mails the user. Raises `RefreshReplayed`, `SessionEnded`, `TokenExpired` or `TokenInvalid`.
    """
    pair = _exchange(read_refresh_token(refresh))
    if pair is None:
        raise RefreshReplayed
    return pair


@transaction.atomic(durable=True)
def _exchange(claims: Claims) -> TokenPair | None:
    """Return the pair that follows a refresh token; for an old one end the session and return None.

    Durable: the end of the session must be committed before the refusal is raised, whatever wraps the caller.
    """
    session = lock_session(claims.session_id)
    if session is None or session.user_id != claims.user_id or not session.is_live or not session.user.is_active:
        raise SessionEnded
    used = hash_of_jti(claims.jti)
    if compare_digest(session.refresh_jti_hash, used):
        return _rotate(session, claims, used)
    repeated = _repeat(session, claims) if _may_come_again(session, used) else None
    if repeated is None:
        tell_of_replay(session)
        unchecked_revoke_sessions([session])
    return repeated


def _rotate(session: Session, claims: Claims, used: str) -> TokenPair:
    """Give the session its next refresh token. A token that was handed out twice has no grace of its own."""
    refresh = new_refresh_token(
        user_id=claims.user_id, session_id=claims.session_id, jti=successors_of_jti(claims.jti)[0]
    )
    session.previous_jti_hash = "" if session.refresh_retried else used
    session.refresh_retried = False
    adopt(refresh, session)
    session.refreshed_at = session.last_used_at
    session.save(update_fields=_ROTATED)
    return token_pair(session, refresh)


def _may_come_again(session: Session, used: str) -> bool:
    """Whether this is the token before the newest one, which nobody has used, and so soon that the answer may have been lost."""
    if session.refreshed_at is None or not compare_digest(session.previous_jti_hash, used):
        return False
    return now() - session.refreshed_at <= timedelta(seconds=settings.REFRESH_GRACE_SECONDS)


def _repeat(session: Session, claims: Claims) -> TokenPair | None:
    """Return the session's newest refresh token once more, made again from the one before it; None when its key is gone."""
    if session.refreshed_at is None:
        return None
    made = (jti for jti in successors_of_jti(claims.jti) if hash_of_jti(jti) == session.refresh_jti_hash)
    jti = next(made, None)
    if jti is None:
        return None
    session.refresh_retried = True
    session.save(update_fields=["refresh_retried"])
    refresh = new_refresh_token(user_id=claims.user_id, session_id=claims.session_id, jti=jti)
    date_token(refresh, begins=session.refreshed_at, ends=session.expires_at)
    return token_pair(session, refresh)
