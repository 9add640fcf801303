"""The secrets that live for seconds: socket tickets in Redis, each readable once, under a hash of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import redis
from django.conf import settings

from kernel.errors import Unavailable


def put_ticket(ticket: str, value: bytes) -> None:
    """Keep `value` under the ticket for its lifetime. Raises `Unavailable` when Redis is away."""
    try:
        _redis(settings.REDIS_URL).set(_key(ticket), value, ex=settings.SOCKET_TICKET_SECONDS)
    except redis.RedisError as error:
        raise Unavailable from error


def take_tickets(tickets: Sequence[str]) -> list[bytes | None]:
    """Return what was kept under each ticket, in order, and forget each in the same step: one round trip for all.

    Raises `Unavailable` when Redis is away.
    """
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
            for ticket in tickets:
                pipeline.getdel(_key(ticket))
            return pipeline.execute()
    except redis.RedisError as error:
        raise Unavailable from error


def _key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode(errors='surrogatepass')).hexdigest()}"


@lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=settings.REDIS_TIMEOUT, socket_connect_timeout=settings.REDIS_TIMEOUT
    )
