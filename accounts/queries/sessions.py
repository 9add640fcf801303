"""Finding the session behind a token."""

from __future__ import annotations

from accounts.models import Session
from kernel.ids import SessionId, UserId


def find_live_session(session_id: SessionId, user_id: UserId) -> Session | None:
    """Return that user's session with its user, in one statement, unless it has ended or the user is not active."""
    session = (
        Session.objects.select_related("user").filter(pk=session_id, user_id=user_id, user__is_active=True).first()
    )
    return session if session is not None and session.is_live else None
