"""The secrets that live for seconds: socket tickets in Redis, each readable once, under a hash of itself."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import cast

import redis
from django.conf import settings

from kernel.errors import Unavailable


def put_ticket(ticket: str, value: bytes) -> None:
    """Keep `value` under the ticket for its lifetime. Raises `Unavailable` when Redis is away."""
    try:
        _redis(settings.REDIS_URL).set(_key(ticket), value, ex=settings.SOCKET_TICKET_SECONDS)
    except redis.RedisError as error:
        raise Unavailable from error


def take_ticket(ticket: str) -> bytes | None:
    """Return what was kept under the ticket and forget it in the same step. Raises `Unavailable` when Redis is away."""
    try:
        return cast("bytes | None", _redis(settings.REDIS_URL).getdel(_key(ticket)))
    except redis.RedisError as error:
        raise Unavailable from error


def _key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode(errors='surrogatepass')).hexdigest()}"


@lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=settings.REDIS_TIMEOUT, socket_connect_timeout=settings.REDIS_TIMEOUT
    )
