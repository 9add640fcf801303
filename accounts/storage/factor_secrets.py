"""Secrets of second factors at rest: sealed, so that the database alone gives none of them away."""

from __future__ import annotations

from django.conf import settings

from kernel.sealing import seal, unseal

_PURPOSE = "accounts.second_factors"


def seal_secret(secret: str) -> str:
    """Return the secret as it may be stored, under the newest key."""
    return seal(secret.encode(), secret=settings.ENCRYPTION_KEYS[0], purpose=_PURPOSE).decode()


def open_secret(sealed: str) -> str:
    """Return a stored secret in clear, whichever of the keys it is under. Raises `CannotUnseal` when that key is no longer given."""
    return unseal(sealed.encode(), secrets=settings.ENCRYPTION_KEYS, purpose=_PURPOSE).decode()
