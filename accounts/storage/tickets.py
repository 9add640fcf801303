"""Socket tickets: secrets that live for seconds, in Redis, each readable once, under a hash of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import redis
from django.conf import settings

from accounts.storage.connection import redis_client
from kernel.errors import Unavailable


def put_ticket(ticket: str, value: bytes) -> None:
    """Keep `value` under the ticket for its lifetime. Raises `Unavailable` when Redis is away."""
    try:
        redis_client().set(_key(ticket), value, ex=settings.SOCKET_TICKET_SECONDS)
    except redis.RedisError as error:
        raise Unavailable from error


def take_tickets(tickets: Sequence[str]) -> list[bytes | None]:
    """Return what was kept under each ticket, in order, and forget each in the same step: one round trip for all.

    Raises `Unavailable` when Redis is away.
    """
    try:
        with redis_client().pipeline(transaction=False) as pipeline:
            for ticket in tickets:
                pipeline.getdel(_key(ticket))
            return pipeline.execute()
    except redis.RedisError as error:
        raise Unavailable from error


def _key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode(errors='surrogatepass')).hexdigest()}"
