"""The process's connection to Redis for all that accounts keep there. What is kept is in the modules beside."""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings


def redis_client() -> redis.Redis:
    """Return the client of this process; its connections are made at the first call and shared by all threads."""
    return _client(settings.REDIS_URL)


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=settings.REDIS_TIMEOUT, socket_connect_timeout=settings.REDIS_TIMEOUT
    )
