"""Changing a password. Proving one is in `accounts.actions.sessions`."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.actions.sessions import unchecked_revoke_sessions
from accounts.models.locks import lock_open_sessions, lock_user
from kernel.errors import NotFound
from kernel.ids import SessionId, UserId


def unchecked_set_password(user_id: UserId, password: str, *, keep: SessionId | None) -> str:
    """Give the user another password and end all their sessions but `keep`; whoever calls has checked both. Return the hash.

    Locks the user, then the sessions. Emits `session.revoked` for each. Logins that have begun with the old password end too: they
    compare. Raises `NotFound`.
    """
    hashed = make_password(password)  # before anything is locked: it takes its time
    with transaction.atomic():
        user = lock_user(user_id)
        if user is None:
            raise NotFound
        user.password = hashed
        user.save(update_fields=["password"])
        unchecked_revoke_sessions([session for session in lock_open_sessions(user_id) if session.id != keep])
    return hashed
