"""Counts budgets in Redis: the times of the units that were spent, so that a quota holds in every window.

What has a budget is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import redis
import structlog
from django.conf import settings

from kernel.budgets import Budget
from kernel.clock import now
from kernel.errors import RateLimited, Unavailable
from kernel.metrics import limit_hit

# Times are in milliseconds. Every budget is looked at before any is charged, so that a refused call spends nothing.
# Returns the number of the budget that frees last, and the milliseconds until then; or nothing.
_SPEND = """
local now, unit = tonumber(ARGV[1]), ARGV[2]
local last, wait = 0, 0
for number, key in ipairs(KEYS) do
  local quota, window = tonumber(ARGV[1 + 2 * number]), tonumber(ARGV[2 + 2 * number])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local spent = redis.call('ZCARD', key)
  if spent >= quota then
    local freeing = redis.call('ZRANGE', key, spent - quota, spent - quota, 'WITHSCORES')[2]
    local free_in = freeing + window - now
    if free_in > wait then last, wait = number, free_in end
  end
end
if last > 0 then return {last, math.ceil(wait)} end
for number, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, unit)
  redis.call('PEXPIRE', key, tonumber(ARGV[2 + 2 * number]))
end
return {}
"""
logger = structlog.get_logger(__name__)


class RedisTreasurer:
    """`kernel.budgets.Treasurer` on Redis. Without Redis nothing is spent: an outage must not open the purse."""

    def __init__(self, client: redis.Redis) -> None:
        self._spend = client.register_script(_SPEND)

    def spend(self, budgets: Sequence[Budget]) -> RateLimited | None:
        """Use one unit of every budget, or return the refusal of the one that frees last. Raises `Unavailable` without Redis."""
        numbers = [number for limit, _ in budgets for number in (limit.quota, limit.seconds * 1000)]
        try:
            answer = self._spend(
                [f"budget:{limit.name}:{key}" for limit, key in budgets],
                [round(now().timestamp() * 1000), uuid4().hex, *numbers],
            )
        except redis.RedisError as error:
            logger.warning("budgets_closed", error=type(error).__name__)
            raise Unavailable from error
        if not answer:
            return None
        limit = budgets[answer[0] - 1][0]
        limit_hit(limit.name)
        return RateLimited(retry_after=answer[1] / 1000, limit=limit.name)


def treasurer_from_settings() -> RedisTreasurer:
    """Return the treasurer of this process; its connections are made at the first call and shared by all threads."""
    return RedisTreasurer(
        redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=settings.REDIS_TIMEOUT,
            socket_connect_timeout=settings.REDIS_TIMEOUT,
        )
    )
