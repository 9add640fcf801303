"""Codes of invites: 128 random bits, found by their hash and shown again from where they are sealed."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings

from kernel.sealing import CannotUnseal, seal, unseal

CODE_BYTES = 16
_PURPOSE = "communities.invites"


def new_code() -> str:
    """Return a code of 22 characters that are good in any link."""
    return secrets.token_urlsafe(CODE_BYTES)


def hash_of_code(code: str) -> str:
    """Return what a code is found by. It has 128 random bits: no guess is likelier than another, so one fast hash is enough."""
    return hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()


def seal_code(code: str) -> str:
    """Return the code as it may be stored, under the newest key."""
    return seal(code.encode(), secret=settings.ENCRYPTION_KEYS[0], purpose=_PURPOSE).decode()


def open_code(sealed: str) -> str | None:
    """Return a stored code; None when the key that it is under is no longer given: it opens the door as before, but is not shown."""
    try:
        return unseal(sealed.encode(), secrets=settings.ENCRYPTION_KEYS, purpose=_PURPOSE).decode()
    except CannotUnseal:
        return None
