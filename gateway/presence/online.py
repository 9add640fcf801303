"""Who has sockets at any process, as presence keeps it in Redis: for work whose order may depend on it. Synchronous, for the worker."""

from __future__ import annotations

import time
from uuid import UUID

import redis
import structlog
from django.conf import settings

from gateway.presence.reporter import AWAY
from kernel.ids import UserId
from kernel.metrics import limit_hit

logger = structlog.get_logger(__name__)

ONLINE_MAX = 100_000
"""Users that are looked for: about three megabytes from Redis."""
SECONDS = 2.0
_READ_AT_ONCE = 1_000
_PROCESSES_MAX = 256


def online_users() -> set[UserId]:
    """Return whose sockets are at some process, those included that have just gone: at most 100,000, as many as two seconds tell.

    Nobody while Redis is away. Reads the sets of `gateway.presence.store` a thousand at a time, so that Redis is never held up.
    """
    deadline, found = time.monotonic() + SECONDS, set[bytes]()
    timeout = settings.REDIS_TIMEOUT
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=timeout, socket_connect_timeout=timeout) as server:
            processes = server.zrange("presence:leases", 0, _PROCESSES_MAX)
            if len(processes) > _PROCESSES_MAX:
                limit_hit("presence.online")
            for process in processes[:_PROCESSES_MAX]:
                for user in server.sscan_iter(b"presence:held:" + process, count=_READ_AT_ONCE):
                    if len(found) >= ONLINE_MAX or time.monotonic() > deadline:
                        limit_hit("presence.online")
                        return _ids(found)
                    found.add(user)
    except AWAY as error:
        logger.warning("presence.online_unknown", error=type(error).__name__)
    return _ids(found)


def _ids(users: set[bytes]) -> set[UserId]:
    return {UserId(UUID(user.decode())) for user in users}
