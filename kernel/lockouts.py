"""How long the next attempt to prove who one is has to wait: the rule, and how to begin an attempt. Counting is plugged in by project."""

from __future__ import annotations

from typing import Protocol

import msgspec

_DOUBLINGS_MAX = 32


class DelayRule(msgspec.Struct, frozen=True):
    """After `free` failures the next attempt waits `first` seconds, and twice as long after each further one, up to `longest`.

    Failures are forgotten `kept` seconds after the last. With a `crowd` (all strangers who try one account), of which more than
    `crowd_max` attempts came within `kept` seconds, a bucket has one free failure only.
    """

    free: int
    first: int
    longest: int
    kept: int
    crowd_max: int

    def delay_after(self, failures: int, *, crowded: bool = False) -> int:
        """Return the seconds that must pass after the last of so many failures."""
        over = failures - (min(self.free, 1) if crowded else self.free)
        return 0 if over < 0 else min(self.longest, self.first << min(over, _DOUBLINGS_MAX))


class Begun(msgspec.Struct, frozen=True):
    """An attempt that may go on (`wait` is 0; it counts as failed until the bucket is forgotten), or that has to wait first.

    `failures` are those of the bucket before it.
    """

    wait: float
    failures: int = 0
    crowded: bool = False


class Lockouts(Protocol):
    """Counts failures. An implementation must be safe to call from many threads and processes at once."""

    def begin(self, rule: DelayRule, bucket: str, crowd: str | None) -> Begun:
        """Count an attempt as failed unless it has to wait, in one step: no two attempts share a free failure."""

    def look(self, rule: DelayRule, bucket: str, crowd: str | None) -> Begun:
        """Tell what `begin` would, and count nothing."""

    def forget(self, bucket: str) -> None:
        """Forget the failures of a bucket: the last attempt did not fail."""


_lockouts: Lockouts | None = None


def use_lockouts(lockouts: Lockouts) -> None:
    """Plug in the process's counter; called once at start-up."""
    global _lockouts
    _lockouts = lockouts


def lockouts() -> Lockouts:
    """Return the process's counter."""
    if _lockouts is None:
        raise RuntimeError("no lock-outs are plugged in: call kernel.lockouts.use_lockouts at start-up")
    return _lockouts
