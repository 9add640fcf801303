"""Opaque cursors for lists. What the cursor points at is the query's business; how it looks on the wire is decided here."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from kernel.errors import InvalidInput

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100

T = TypeVar("T")


class PageRequest(msgspec.Struct, frozen=True):
    """Which page is asked for: at most `limit` items (1 to 100) after the opaque `cursor`."""

    limit: int = DEFAULT_PAGE_SIZE
    cursor: str | None = None


def encode_cursor(position: object) -> str:
    """Return the opaque text of a position: any value that msgspec can encode (a struct, a tuple, a number)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, position_type: type[T]) -> T:
    """Return the position inside `cursor`. Raises `InvalidInput` when it was not made by `encode_cursor` for that type."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=position_type)
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise InvalidInput("The cursor is not one that this list gave out.", field="cursor") from error
