"""Secrets that questions to external services are signed with: 256 random bits, sealed, and shown once."""

from __future__ import annotations

import secrets

from django.conf import settings

from kernel.sealing import seal, unseal

_PURPOSE = "communities.external_services"


def new_secret() -> str:
    """Return a secret of 43 characters."""
    return secrets.token_urlsafe(32)


def seal_secret(secret: str) -> str:
    """Return the secret as it may be stored, under the newest key."""
    return seal(secret.encode(), secret=settings.ENCRYPTION_KEYS[0], purpose=_PURPOSE).decode()


def open_secret(sealed: str) -> str:
    """Return a stored secret. Raises `CannotUnseal` when the key that it is under is no longer given."""
    return unseal(sealed.encode(), secrets=settings.ENCRYPTION_KEYS, purpose=_PURPOSE).decode()
