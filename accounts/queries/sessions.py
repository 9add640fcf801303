"""Finding the session behind a token, and the devices where a user is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from accounts.events import ListedSession
from accounts.models import Session, User
from accounts.payloads import listed_session
from eventlog.statements import send, uuids
from kernel.clock import now
from kernel.ids import SessionId, UserId
from kernel.pagination import PageRequest, decode_cursor, encode_cursor
from kernel.wire import Page


def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001  # documented


_OF_SESSION, _OF_USER = _names(Session), _names(User)
_COLUMNS = ", ".join([f"session.{name}" for name in _OF_SESSION] + [f"account.{name}" for name in _OF_USER])
_FIND = f"""
SELECT {_COLUMNS} FROM accounts_session session JOIN accounts_user account ON account.id = session.user_id
WHERE session.id = ANY(%s::uuid[])
"""  # noqa: S608  # the names are the models' own
_ENDED_AT_ONCE = 10_000
_FIND_ENDED = " UNION ALL ".join(
    f"(SELECT id FROM {table} WHERE revoked_at > now() - make_interval(secs => %s) ORDER BY revoked_at DESC LIMIT {_ENDED_AT_ONCE})"  # noqa: S608
    for table in ("accounts_session", "accounts_apikey")
)


def find_live_session(session_id: SessionId, user_id: UserId) -> Session | None:
    """Return that user's session with its user, in one statement, unless it has ended or the user is not active."""
    return find_live_sessions([(session_id, user_id)])[0]


def find_live_sessions(asked: Sequence[tuple[SessionId | None, UserId | None]]) -> list[Session | None]:
    """Return the session of each (session, user), in order, as `find_live_session` would: one statement for all."""
    rows = map(_session_of, send(_FIND, [uuids({session_id for session_id, _ in asked})]).fetchall())
    live: dict[tuple[UUID | None, UUID | None], Session] = {
        (row.pk, row.user_id): row for row in rows if row.is_live and row.user.is_active
    }
    return [live.get(one) for one in asked]


def find_ended(*, within: int) -> frozenset[UUID]:
    """Return the ids of sessions and API keys that were revoked within so many seconds, by PostgreSQL's clock; the latest 10,000 of each.

    One statement, which reads indexes alone for what it does not return. What has expired is not among them: who holds it knows when.
    """
    return frozenset(row[0] for row in send(_FIND_ENDED, [within, within]).fetchall())


def list_sessions(user_id: UserId, *, current: SessionId | None, page: PageRequest) -> Page[ListedSession]:
    """Return where the user is signed in, the newest sign-in first; `current` is the session that asks. One query."""
    rows = Session.objects.filter(user_id=user_id, revoked_at=None, expires_at__gt=now()).order_by("-pk")
    if page.cursor is not None:
        rows = rows.filter(pk__lt=decode_cursor(page.cursor, UUID))
    found = list(rows[: page.limit + 1])
    items = [listed_session(session, current=current) for session in found[: page.limit]]
    return Page(items=items, next=encode_cursor(items[-1].id) if len(found) > page.limit else None)


def _session_of(row: tuple[Any, ...]) -> Session:
    """Return what the ORM would make of the row; it would need longer for its query than PostgreSQL for the answer."""
    session = Session.from_db(DEFAULT_DB_ALIAS, _OF_SESSION, row[: len(_OF_SESSION)])
    session.user = User.from_db(DEFAULT_DB_ALIAS, _OF_USER, row[len(_OF_SESSION) :])
    return session
