"""Looking for what must not be there: in bytes as they are, and in what cursors hide in base64."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

_BASE64 = re.compile(rb"[A-Za-z0-9_\-+/]{24,}={0,2}")


def found_in(answer: bytes, secrets: Iterable[str]) -> list[str]:
    """Return those of the secrets that an answer tells, in clear or inside a cursor."""
    told = b"\n".join([answer, *_decoded(answer)])
    return [secret for secret in secrets if secret.encode() in told]


def _decoded(answer: bytes) -> list[bytes]:
    decoded = []
    for text in _BASE64.findall(answer):
        try:
            decoded.append(base64.urlsafe_b64decode(text.rstrip(b"=") + b"=" * (-len(text.rstrip(b"=")) % 4)))
        except (binascii.Error, ValueError):
            continue
    return decoded
