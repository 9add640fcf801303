"""Which passwords were stolen somewhere: a Bloom filter in a file, made from any list, and the validator that asks it.

The file is a header, then the bits. It holds no password and no hash. It never says no to a password that was on the list, and yes
to one that was not at a rate that is chosen when it is made.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import re
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_MAGIC = b"PCBREACH"
_VERSION = 1
_HEADER = struct.Struct("<8sHHQQ")  # magic, version, hashes, bits, passwords
_PAIR = struct.Struct("<QQ")
_SHA1_LINE = re.compile(rb"([0-9A-Fa-f]{40})(?::\d+)?")
HASHES_MAX = 32


class NotAFilter(ValueError):
    """The file is no filter, or not a whole one; the message is one sentence."""


class BreachedPasswords:
    """A filter that was opened for reading: the bits stay in the file, so that all processes of a machine share one copy in memory."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
            self._hashes, self._bits = _checked(header, path.stat().st_size)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __contains__(self, password: str) -> bool:
        digest = hashlib.sha1(password.encode(errors="surrogatepass"), usedforsecurity=False).digest()
        return all(self._has(position) for position in _positions(digest, self._hashes, self._bits))

    def _has(self, position: int) -> bool:
        return bool(self._map[_HEADER.size + (position >> 3)] & (1 << (position & 7)))


def write_filter(path: Path, lines: Iterable[bytes], *, passwords: int, false_positives: float) -> None:
    """Write the filter for so many passwords; the rate is a fraction, as in 0.001. The file appears when it is whole.

    A line is a password, or its SHA-1 in hexadecimal digits, with or without `:count`. An empty line is none.
    """
    bits = max(64, math.ceil(-passwords * math.log(false_positives) / math.log(2) ** 2))
    hashes = min(HASHES_MAX, max(1, round(bits / max(passwords, 1) * math.log(2))))
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("w+b") as file:
        file.write(_HEADER.pack(_MAGIC, _VERSION, hashes, bits, passwords))
        file.truncate(_HEADER.size + (bits + 7) // 8)
        file.flush()
        with mmap.mmap(file.fileno(), 0) as area:
            for digest in digests(lines):
                for position in _positions(digest, hashes, bits):
                    area[_HEADER.size + (position >> 3)] |= 1 << (position & 7)
            area.flush()
    unfinished.replace(path)


def digests(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Return the SHA-1 of every password of a list."""
    for line in lines:
        text = line.rstrip(b"\r\n")
        if not text:
            continue
        known = _SHA1_LINE.fullmatch(text)
        yield bytes.fromhex(known[1].decode()) if known else hashlib.sha1(text, usedforsecurity=False).digest()


@lru_cache(maxsize=1)
def _opened(path: str, changed: int) -> BreachedPasswords:  # noqa: ARG001  # a new file has another time
    return BreachedPasswords(Path(path))


def configured_filter() -> BreachedPasswords | None:
    """Return the filter that `BREACHED_PASSWORDS_FILE` names, or None without one. Raises `NotAFilter` or `OSError`."""
    path = settings.BREACHED_PASSWORDS_FILE
    return _opened(path, Path(path).stat().st_mtime_ns) if path else None


class BreachedPasswordValidator:
    """Refuses passwords of the list, as they are and in lower case. Without a list it refuses none."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002  # Django's signature
        """Raise `ValidationError` for a password that was stolen somewhere."""
        known = configured_filter()
        if known is not None and (password in known or password.lower() in known):
            raise ValidationError(
                _("This password is on a list of stolen passwords. Choose another one."), code="breached"
            )

    def get_help_text(self) -> str:
        """Return the rule as a sentence for forms."""
        return _("Your password must not be on a list of stolen passwords.")


def _positions(digest: bytes, hashes: int, bits: int) -> Iterator[int]:
    """Return the bits of a password: two halves of its SHA-1, combined as often as needed."""
    first, second = _PAIR.unpack_from(digest)
    return ((first + number * (second | 1)) % bits for number in range(hashes))


def _checked(header: bytes, size: int) -> tuple[int, int]:
    """Return hashes and bits. Raises `NotAFilter`."""
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        raise NotAFilter("It is no list made by build_breached_passwords.")
    _magic, version, hashes, bits, _passwords = _HEADER.unpack(header)
    if version != _VERSION:
        raise NotAFilter(f"It was made in version {version} of the format; this program reads {_VERSION}.")
    if size != _HEADER.size + (bits + 7) // 8 or not 1 <= hashes <= HASHES_MAX:
        raise NotAFilter("It is not whole. Make it again with build_breached_passwords.")
    return hashes, bits
