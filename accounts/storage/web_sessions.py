"""Django's session engine on `WebSession`: keys are stored as hashes, and the end of an `accounts.Session` ends what hangs on it.

`settings.SESSION_ENGINE` names this module; the class's name is Django's.
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.models.web_sessions import WebSession
from accounts.queries.users import unloaded_user
from kernel.clock import now
from kernel.ids import SessionId, UserId

SESSION_ID = "session_id"
"""Under this name a Django session holds the id of its `accounts.Session`."""
_STORED_KEY_BYTES = 20  # 160 bits, and as hexadecimal digits what Django's column holds


class StoredKey(str):
    """A key as it is stored. Nothing that a client sends becomes one, so a leaked hash opens no session."""

    __slots__ = ()


def stored_key(key: str) -> StoredKey:
    """Return what is stored of a session's key: 40 hexadecimal digits that do not lead back to it."""
    if isinstance(key, StoredKey):
        return key
    return StoredKey(hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=_STORED_KEY_BYTES).hexdigest())


class SessionStore(SessionBase):
    """One session of Django's. It is not found any more when its `accounts.Session` was revoked or has expired."""

    @classmethod
    def of_session(cls, session_id: SessionId) -> SessionStore | None:
        """Return the newest one that hangs on a live `accounts.Session`, for whoever has proved to hold that."""
        keys = _alive().filter(session_id=session_id).order_by("-expire_date").values_list("session_key", flat=True)
        key = keys.first()
        return None if key is None else cls(StoredKey(key))

    def exists(self, session_key: str) -> bool:
        """Whether the key opens a session."""
        return _alive().filter(session_key=stored_key(session_key)).exists()

    def load(self) -> dict[str, Any]:
        """Return what the session holds; of a key that opens none, nothing, and the key is forgotten."""
        key = self.session_key
        row = None if key is None else _alive().filter(session_key=stored_key(key)).first()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def create(self) -> None:
        """Take a key that nobody has, and insert the session empty."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]  # made for engines
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Write what the session holds. Raises `CreateError` for a key that is taken, `UpdateError` for a session that has ended."""
        if self.session_key is None:
            self.create()
            return
        row = self._row(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        if must_create:
            _insert(row)
        elif not _alive().filter(pk=row.pk).update(**_columns(row)):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """End the session; without a key, this one."""
        key = session_key or self.session_key
        if key is not None:
            WebSession.objects.filter(session_key=stored_key(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the rows that are past their time."""
        WebSession.objects.filter(expire_date__lt=now()).delete()

    def _row(self, data: dict[str, Any]) -> WebSession:
        named = data.get(SESSION_ID)
        return WebSession(
            session_key=stored_key(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            session_id=UUID(named) if named else None,
        )


def session_id_of(session: SessionBase) -> SessionId | None:
    """Return the id of the `accounts.Session` that a Django session hangs on."""
    named = session.get(SESSION_ID)
    return SessionId(UUID(named)) if named else None


def proofs_in(session_id: SessionId, user_id: UserId) -> list[dict[str, Any]]:
    """Return what allauth has recorded of how the user proved who they are, in the Django session that hangs on theirs; oldest first."""
    store = SessionStore.of_session(session_id)
    if store is None:
        return []
    request = HttpRequest()
    request.session = store
    return get_authentication_records(request, unloaded_user(user_id))


def _insert(row: WebSession) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise CreateError from error


def _columns(row: WebSession) -> dict[str, Any]:
    return {"session_data": row.session_data, "expire_date": row.expire_date, "session_id": row.session_id}


def _alive() -> QuerySet[WebSession]:
    moment = now()
    signed_in = Q(session__revoked_at=None, session__expires_at__gt=moment)
    return WebSession.objects.filter(Q(session=None) | signed_in, expire_date__gt=moment)
