"""Finding the session behind a token."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from accounts.models import Session
from kernel.ids import SessionId, UserId


def find_live_session(session_id: SessionId, user_id: UserId) -> Session | None:
    """Return that user's session with its user, in one statement, unless it has ended or the user is not active."""
    return find_live_sessions([(session_id, user_id)])[0]


def find_live_sessions(asked: Sequence[tuple[SessionId | None, UserId | None]]) -> list[Session | None]:
    """Return the session of each (session, user), in order, as `find_live_session` would: one statement for all."""
    rows = Session.objects.select_related("user").filter(pk__in={session_id for session_id, _ in asked})
    live: dict[tuple[UUID | None, UUID | None], Session] = {
        (row.pk, row.user_id): row for row in rows if row.is_live and row.user.is_active
    }
    return [live.get(one) for one in asked]
