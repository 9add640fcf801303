"""Devices on which a user signed in before: a signed token that the device keeps. It proves nothing but that, and opens nothing.

Strangers who guess a user's password can only make strangers wait: a known device has failures of its own (`accounts.actions.attempts`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing

from accounts.constants import DEVICE_TOKEN_MAX_LENGTH, USERS_OF_A_DEVICE_MAX
from kernel.ids import UserId

_SALT = "accounts.known_devices"

# The users for whom the device that is being answered became known, for the edge to tell the device.
_made_known: ContextVar[list[UserId] | None] = ContextVar("users_made_known", default=None)


@contextmanager
def devices_made_known() -> Iterator[list[UserId]]:
    """Collect the users who sign in inside the block, on this thread."""
    users: list[UserId] = []
    token = _made_known.set(users)
    try:
        yield users
    finally:
        _made_known.reset(token)


def make_device_known(user_id: UserId) -> None:
    """Let the device that is being answered be one of this user's; call it when they have proved who they are."""
    users = _made_known.get()
    if users is not None and user_id not in users:
        users.append(user_id)


def device_of(token: str, user_id: UserId) -> str | None:
    """Return the id under which the device is known for the user, or None when it is a stranger's."""
    return _read(token).get(user_id.hex)


def extended_token(token: str, user_ids: list[UserId]) -> str:
    """Return the device's token with these users added: the newest users count, and who was known already keeps their id."""
    known = _read(token)
    for user_id in user_ids:
        known[user_id.hex] = known.pop(user_id.hex, "") or secrets.token_hex(8)
    newest = dict(list(known.items())[-USERS_OF_A_DEVICE_MAX:])
    return signing.dumps(newest, salt=_SALT)


def _read(token: str) -> dict[str, str]:
    """Return device ids by user; empty for a token that is not ours or older than it may be."""
    if not token or len(token) > DEVICE_TOKEN_MAX_LENGTH:
        return {}
    try:
        known = signing.loads(token, salt=_SALT, max_age=timedelta(days=settings.KNOWN_DEVICE_DAYS))
    except signing.BadSignature:
        return {}
    return {UUID(user).hex: str(device) for user, device in known.items()}
