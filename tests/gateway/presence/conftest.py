"""Presence in a real Redis, whose leases run out when the test says so, and a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import redis.asyncio as redis
from django.conf import settings

from gateway.presence.store import PresenceStore
from gateway.process import GatewayProcess


@pytest.fixture
async def raw_redis() -> AsyncIterator[redis.Redis]:
    """Return a client of the Redis behind the stores."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    await client.aclose()


@pytest.fixture
async def store() -> AsyncIterator[PresenceStore]:
    """Return a store with leases that do not run out by themselves."""
    store = PresenceStore(settings.REDIS_URL, timeout=2, lease_seconds=600)
    yield store
    await store.close()


@pytest.fixture
def expire_lease(raw_redis):
    """Return a function that lets a process' lease have run out a moment ago."""

    async def expire(process: str) -> None:
        assert await raw_redis.zadd("presence:leases", {process: 1}, xx=True, ch=True) == 1

    return expire


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(gateway: GatewayProcess) -> Clock:
    """Put the presence of the gateway on a clock of the test."""
    clock = Clock()
    gateway.presence.reporter._clock = clock
    return clock
