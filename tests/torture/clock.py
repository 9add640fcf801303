"""The library that bends a process's wall clock, from the distribution's own package, unpacked and never installed."""

from __future__ import annotations

from pathlib import Path

from bench.peers.debian import unpacked
from bench.servers import Absent


def find_clock() -> Path | None:
    """Return the library to preload; None where it cannot be had."""
    try:
        return next(unpacked("faketime", "libfaketime").rglob("libfaketimeMT.so.1"), None)
    except Absent:
        return None
