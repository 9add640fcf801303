"""Secrets at rest: bytes that only a process with the server's secret can read again. Where they are kept is not known here."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class CannotUnseal(Exception):
    """The bytes were changed, or sealed under another secret or for another purpose."""


def seal(value: bytes, *, secret: str, purpose: str) -> bytes:
    """Encrypt and sign the value. Each purpose has a key of its own, so that one kind of secret cannot stand for another."""
    return _cipher(secret, purpose).encrypt(value)


def unseal(sealed: bytes, *, secrets: Sequence[str], purpose: str) -> bytes:
    """Return what was sealed under any of the secrets: today's first, then earlier ones. Raises `CannotUnseal`."""
    try:
        return MultiFernet([_cipher(secret, purpose) for secret in secrets]).decrypt(sealed)
    except InvalidToken:
        raise CannotUnseal from None


@lru_cache(maxsize=16)
def _cipher(secret: str, purpose: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))
