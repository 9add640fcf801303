"""Which mail domains give addresses that are thrown away: a few well-known ones, and those of a file of the operator's."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

WELL_KNOWN = frozenset(
    {
        "10minutemail.com",
        "33mail.com",
        "discard.email",
        "dispostable.com",
        "emailondeck.com",
        "fakeinbox.com",
        "getnada.com",
        "guerrillamail.com",
        "maildrop.cc",
        "mailinator.com",
        "mailnesia.com",
        "mintemail.com",
        "mohmal.com",
        "moakt.com",
        "sharklasers.com",
        "spamgourmet.com",
        "temp-mail.org",
        "tempmail.com",
        "throwawaymail.com",
        "trashmail.com",
        "yopmail.com",
    }
)
"""A sample to begin with. Such domains come every day: keep a file."""


def is_disposable(email: str) -> bool:
    """Whether the address is at one of those domains or below one, where they are refused at all (`REFUSE_DISPOSABLE_MAIL`).

    Raises `OSError` when the operator's file cannot be read.
    """
    if not settings.REFUSE_DISPOSABLE_MAIL:
        return False
    labels = email.rpartition("@")[2].strip().rstrip(".").lower().split(".")
    return not disposable_domains().isdisjoint(".".join(labels[start:]) for start in range(len(labels)))


def disposable_domains() -> frozenset[str]:
    """Return all domains; a file that was changed is read again. Raises `OSError`."""
    path = settings.DISPOSABLE_MAIL_FILE
    return WELL_KNOWN | (_domains_of(path, Path(path).stat().st_mtime_ns) if path else frozenset())


@lru_cache(maxsize=1)
def _domains_of(path: str, changed: int) -> frozenset[str]:  # noqa: ARG001  # a new file has another time
    """Return the domains of a file: one in a line, `#` begins a comment."""
    lines = (line.partition("#")[0].strip().strip(".").lower() for line in Path(path).read_text().splitlines())
    return frozenset(filter(None, lines))
