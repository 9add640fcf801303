"""Whether a session lives, remembered in Redis, so that a request of a session seen lately asks PostgreSQL nothing.

What may be remembered, and why no revoked session is let in: docs/architecture/accounts.md, "The check of every request".
"""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, cast
from uuid import UUID

import redis
import structlog
from django.conf import settings

from accounts.constants import SESSION_USE_SECONDS
from accounts.models import Session
from accounts.queries.sessions import find_live_session
from accounts.storage.connection import redis_client
from kernel.clock import now
from kernel.errors import Unavailable
from kernel.ids import SessionId, UserId

DOUBTED_SECONDS: Final = 120
"""How long a session is looked up at every request after its end was begun. Longer than what a reader found can be remembered."""
ENDED_SECONDS: Final = 600
"""Until then every access token of an ended session has expired."""
PAUSE_AFTER_FAILURE_SECONDS: Final = 1.0

_DOUBTED: Final = b"?"
_ENDED: Final = b"-"
_USED: Final = "sessions:used"

logger = structlog.get_logger(__name__)


def is_live(session_id: SessionId, user_id: UserId) -> bool:
    """Whether this is a session of that user, has not ended, and its user is active. One round trip to Redis; at times one statement too.

    Who lives is looked up again after `SESSION_CHECK_SECONDS`. With Redis away every call is a statement.
    """
    memory = _memory(settings.REDIS_URL)
    noted = memory.read(session_id)
    if noted == _ENDED:
        return False
    if noted is not None and noted != _DOUBTED:
        return noted == user_id.hex.encode()
    asked_at = now()
    session = find_live_session(session_id, user_id)
    if session is not None and noted is None:
        memory.note(session, asked_at=asked_at)
    return session is not None


def doubt(session_ids: Collection[SessionId]) -> bool:
    """Have sessions looked up at every request, since a transaction is about to end them; tell whether Redis took it.

    Call it before the commit: whatever becomes of the transaction and of this process, no request then goes by an older finding.
    """
    return _put(session_ids, _DOUBTED, DOUBTED_SECONDS)


def remember_ended(session_ids: Collection[SessionId]) -> bool:
    """Have sessions refused without a look, since the transaction that ended them has committed; tell whether Redis took it."""
    return _put(session_ids, _ENDED, ENDED_SECONDS)


def take_used(amount: int) -> dict[SessionId, datetime]:
    """Return when sessions were used that had not been for a while, those of longest ago first, and forget it. Raises `Unavailable`."""
    try:
        used = cast("list[tuple[bytes, float]]", redis_client().zpopmin(_USED, amount))
    except redis.RedisError as error:
        raise Unavailable from error
    return {SessionId(UUID(name.decode())): datetime.fromtimestamp(score, UTC) for name, score in used}


class _Memory:
    """What this process reads and notes of sessions. After a failure Redis is left alone for a second, and PostgreSQL asked instead."""

    def __init__(self) -> None:
        self._asleep_until = 0.0

    def read(self, session_id: SessionId) -> bytes | None:
        """Return what is noted of a session, or None; doubt when Redis is away."""
        if time.monotonic() < self._asleep_until:
            return _DOUBTED
        try:
            return cast("bytes | None", redis_client().get(_key(session_id)))
        except redis.RedisError as error:
            self._rest(error)
            return _DOUBTED

    def note(self, session: Session, *, asked_at: datetime) -> None:
        """Remember that the session was alive at `asked_at`, unless something is noted of it by now; and that it was used, for `take_used`.

        The note ends at a time, not after a while: a process that stalls between its look and its note does not prolong it.
        """
        until = min(asked_at + timedelta(seconds=settings.SESSION_CHECK_SECONDS), session.expires_at)
        try:
            with redis_client().pipeline(transaction=False) as pipeline:
                pipeline.set(_key(SessionId(session.id)), session.user_id.hex, nx=True, pxat=until)
                if (asked_at - session.last_used_at).total_seconds() > SESSION_USE_SECONDS:
                    pipeline.zadd(_USED, {session.id.hex: asked_at.timestamp()})
                pipeline.execute()
        except redis.RedisError as error:
            self._rest(error)

    def _rest(self, error: redis.RedisError) -> None:
        self._asleep_until = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
        logger.warning("session_checks_unremembered", error=type(error).__name__)


@lru_cache(maxsize=1)
def _memory(url: str) -> _Memory:  # noqa: ARG001  # another Redis has not failed yet
    return _Memory()


def _put(session_ids: Collection[SessionId], what: bytes, seconds: int) -> bool:
    """Write over whatever is noted of the sessions, in one round trip. Tried even when Redis has just failed: this matters."""
    try:
        with redis_client().pipeline(transaction=False) as pipeline:
            for session_id in session_ids:
                pipeline.set(_key(session_id), what, ex=seconds)
            pipeline.execute()
    except redis.RedisError as error:
        logger.warning("session_ends_unremembered", error=type(error).__name__, sessions=len(session_ids))
        return False
    return True


def _key(session_id: SessionId) -> str:
    return f"session:{session_id.hex}"
