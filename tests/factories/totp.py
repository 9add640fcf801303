"""What an authenticator app shows, for tests that do not have Django at hand."""

from __future__ import annotations

import base64
import hmac
import struct
import time

STEP = 30


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return what an app with the secret (base32) shows now, or so many steps later: RFC 6238."""
    counter = struct.pack(">Q", int(time.time()) // STEP + steps)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"
