"""The text of an API key: how it is made, recognised and hashed. Whose a key is, and whether it still lives, is asked elsewhere.

`ptc_<prefix>_<secret><checksum>`, all of it letters and digits: 12 of the prefix, 43 of the secret (256 bits), 6 of the checksum. Scanners
for leaked secrets find it by `ptc_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}` and can tell a real one from an invented one by the checksum.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from urllib.parse import unquote

import msgspec

from accounts.constants import API_KEY_MARK

PREFIX_LENGTH = 12
SECRET_LENGTH = 43
CHECKSUM_LENGTH = 6
_ALPHABET = string.digits + string.ascii_letters
_KEY = re.compile(
    f"{API_KEY_MARK}(?P<prefix>[0-9A-Za-z]{{{PREFIX_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}"
)
_BEGINNING = re.compile(rf"{API_KEY_MARK}[0-9A-Za-z]{{{PREFIX_LENGTH}}}_")


class KeyText(msgspec.Struct, frozen=True):
    """A well-formed key: the part that is shown and looked up, and the hash of the whole, which is what is stored."""

    prefix: str
    hash: str


def new_key_text() -> tuple[str, KeyText]:
    """Return a new key and its parts. Only the parts may be stored."""
    prefix = _random(PREFIX_LENGTH)
    body = f"{API_KEY_MARK}{prefix}_{_random(SECRET_LENGTH)}"
    text = body + _checksum(body)
    return text, KeyText(prefix, _hash(text))


def read_key_text(text: str) -> KeyText | None:
    """Return the parts of a key, or None for what is none: of another form, or with a wrong checksum."""
    match = _KEY.fullmatch(text)
    if match is None or _checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    return KeyText(match["prefix"], _hash(text))


def is_meant_as_key(text: str) -> bool:
    """Tell whether a proof claims to be an API key, well-formed or not."""
    return text.startswith(API_KEY_MARK)


def address_holds_key(address: str) -> bool:
    """Tell whether a path or query string, percent-encoded or not, holds a key or the beginning of one."""
    return API_KEY_MARK in unquote(address) and _BEGINNING.search(unquote(address)) is not None


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(body: str) -> str:
    """Return the CRC-32 of the text, in 6 digits of base 62. It keeps typing errors and invented keys from the database, nobody else."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
