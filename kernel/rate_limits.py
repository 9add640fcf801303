"""What a rate limit is and how to ask for one unit of it. The counting (Redis) is plugged in by project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from kernel.errors import RateLimited


class RateLimit(msgspec.Struct, frozen=True):
    """`quota` units at once, and as many again every `seconds`; known to clients by `name`.

    One that `guards` a secret is counted in each process while it cannot be counted for all of them.
    """

    name: str
    quota: int
    seconds: int
    guards: bool = False


class Allowance(msgspec.Struct, frozen=True):
    """What is left after a request: `remaining` units, all back in `reset_after` seconds; refused when not `allowed`."""

    limit: RateLimit
    allowed: bool
    remaining: int
    reset_after: float
    retry_after: float


class RateLimiter(Protocol):
    """Counts. An implementation must be safe to call from many threads and processes at once."""

    def take(self, limit: RateLimit, key: str) -> Allowance:
        """Use up one unit of `limit` for `key` and tell what is left."""

    def take_many(self, limit: RateLimit, keys: Sequence[str]) -> list[Allowance]:
        """Use up one unit for each key, one after the other as `take` would, in one round trip; a key may come again."""


_limiter: RateLimiter | None = None


def use_limiter(limiter: RateLimiter) -> None:
    """Plug in the process's limiter; called once at start-up."""
    global _limiter
    _limiter = limiter


def take(limit: RateLimit, key: str) -> Allowance:
    """Use one unit of `limit` for `key`. Raises `RateLimited`, with `retry_after`, when none is left."""
    allowance = _plugged_in().take(limit, key)
    if not allowance.allowed:
        raise _refusal(allowance)
    return allowance


def take_many(limit: RateLimit, keys: Sequence[str]) -> list[Allowance | RateLimited]:
    """Use one unit of `limit` for each key, in order; return for each what is left, or the refusal when nothing was."""
    allowances = _plugged_in().take_many(limit, keys)
    return [allowance if allowance.allowed else _refusal(allowance) for allowance in allowances]


def _plugged_in() -> RateLimiter:
    if _limiter is None:
        raise RuntimeError("no rate limiter is plugged in: call kernel.rate_limits.use_limiter at start-up")
    return _limiter


def _refusal(allowance: Allowance) -> RateLimited:
    return RateLimited(retry_after=allowance.retry_after, limit=allowance.limit.name)
