"""Counts failed proofs in Redis, and in the process while Redis is away. What is counted by which rule is decided in accounts."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec
import redis
import structlog
from django.conf import settings

from kernel.lockouts import Begun, DelayRule
from project.observability.metrics import LIMITER_FAILURES

# A bucket is a hash of `failures` and `last` (microseconds), a crowd is one of `attempts`, and expires `kept` after its first.
# The arithmetic is that of DelayRule.delay_after. ARGV[7] is the time for tests; in production it is empty and Redis' clock counts.
_BEGIN = """
local free, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept, crowd_max = tonumber(ARGV[4]), tonumber(ARGV[5])
local counting = ARGV[6] == '1'
local now = tonumber(ARGV[7])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local found = redis.call('HMGET', KEYS[1], 'failures', 'last')
local failures, last = tonumber(found[1] or 0), tonumber(found[2] or 0)
if now - last >= kept * 1000000 then failures = 0 end
local crowded = 0
if KEYS[2] then
  local crowd = redis.call('HMGET', KEYS[2], 'attempts', 'since')
  local since = tonumber(crowd[2] or 0)
  if now - since >= kept * 1000000 then
    redis.call('DEL', KEYS[2])
  elseif tonumber(crowd[1] or 0) >= crowd_max then
    crowded = 1
  end
end
if crowded == 1 and free > 1 then free = 1 end
if failures >= free then
  local delay = math.min(longest, first * 2 ^ math.min(failures - free, 32))
  local wait = last + delay * 1000000 - now
  if failures > 0 and wait > 0 then return {math.ceil(wait), failures, crowded} end
end
if counting then
  redis.call('HSET', KEYS[1], 'failures', failures + 1, 'last', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], kept * 1000)
  if KEYS[2] and redis.call('HINCRBY', KEYS[2], 'attempts', 1) == 1 then
    redis.call('HSET', KEYS[2], 'since', string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[2], kept * 1000)
  end
end
return {0, failures, crowded}
"""
_PAUSE_AFTER_FAILURE_SECONDS = 1.0
REMEMBERED_MAX = 10_000
"""Buckets that one process remembers while Redis is away; of more, those that were touched least recently are forgotten."""

logger = structlog.get_logger(__name__)


class _Count(msgspec.Struct):
    number: int
    at: float


class MemoryLockouts:
    """`kernel.lockouts.Lockouts` in this process alone, in bounded memory. `clock` gives seconds that only go forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, rule: DelayRule, bucket: str, crowd: str | None) -> Begun:
        """Count an attempt as failed unless it has to wait."""
        with self._lock:
            begun = self._look(rule, bucket, crowd)
            if not begun.wait:
                self._remember(bucket, _Count(begun.failures + 1, self._clock()))
                if crowd is not None:
                    before = self._recent(crowd, rule)
                    self._remember(crowd, _Count(before.number + 1, before.at) if before else _Count(1, self._clock()))
            return begun

    def look(self, rule: DelayRule, bucket: str, crowd: str | None) -> Begun:
        """Tell what `begin` would, and count nothing."""
        with self._lock:
            return self._look(rule, bucket, crowd)

    def forget(self, bucket: str) -> None:
        """Forget the failures of a bucket."""
        with self._lock:
            self._counts.pop(bucket, None)

    def _look(self, rule: DelayRule, bucket: str, crowd: str | None) -> Begun:
        strangers = self._recent(crowd, rule) if crowd is not None else None
        crowded = strangers is not None and strangers.number >= rule.crowd_max
        count = self._recent(bucket, rule)
        if count is None:
            return Begun(0.0, 0, crowded)
        until = count.at + rule.delay_after(count.number, crowded=crowded)
        return Begun(max(0.0, until - self._clock()), count.number, crowded)

    def _recent(self, key: str, rule: DelayRule) -> _Count | None:
        count = self._counts.get(key)
        return count if count is not None and self._clock() - count.at < rule.kept else None

    def _remember(self, key: str, count: _Count) -> None:
        self._counts[key] = count
        self._counts.move_to_end(key)
        if len(self._counts) > REMEMBERED_MAX:
            self._counts.popitem(last=False)


class RedisLockouts:
    """`kernel.lockouts.Lockouts` on Redis, by Redis' clock, in one round trip. With Redis away each process counts by itself.

    Redis is asked again a second after a failure.
    """

    def __init__(self, client: redis.Redis, clock: Callable[[], float] | None = None) -> None:
        self._client = client
        self._script = client.register_script(_BEGIN)
        self._clock = clock
        self._here = MemoryLockouts()
        self._asleep_until = 0.0

    def begin(self, rule: DelayRule, bucket: str, crowd: str | None) -> Begun:
        """Count an attempt as failed unless it has to wait."""
        begun = self._ask(rule, bucket, crowd, counting="1")
        return self._here.begin(rule, bucket, crowd) if begun is None else begun

    def look(self, rule: DelayRule, bucket: str, crowd: str | None) -> Begun:
        """Tell what `begin` would, and count nothing."""
        begun = self._ask(rule, bucket, crowd, counting="0")
        return self._here.look(rule, bucket, crowd) if begun is None else begun

    def forget(self, bucket: str) -> None:
        """Forget the failures of a bucket."""
        self._here.forget(bucket)
        self._try(lambda: self._client.delete(f"failures:{bucket}"))

    def _ask(self, rule: DelayRule, bucket: str, crowd: str | None, *, counting: str) -> Begun | None:
        keys = [f"failures:{bucket}"] + ([f"failures:{crowd}"] if crowd is not None else [])
        moment = "" if self._clock is None else round(self._clock() * 1_000_000)
        numbers: list[int | str] = [rule.free, rule.first, rule.longest, rule.kept, rule.crowd_max, counting, moment]
        answer = self._try(lambda: self._script(keys, numbers))
        if answer is None:
            return None
        wait, failures, crowded = answer
        return Begun(wait / 1_000_000, failures, bool(crowded))

    def _try(self, call: Callable[[], Any]) -> Any:
        """Return the answer of Redis, or None when it is away."""
        if time.monotonic() < self._asleep_until:
            return None
        try:
            return call()
        except redis.RedisError as error:
            self._asleep_until = time.monotonic() + _PAUSE_AFTER_FAILURE_SECONDS
            logger.warning("lockouts_local", error=type(error).__name__)
            LIMITER_FAILURES.inc()
            return None


def lockouts_from_settings() -> RedisLockouts:
    """Return the counter of this process; its connections are made at the first call and shared by all threads."""
    return RedisLockouts(
        redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=settings.REDIS_TIMEOUT,
            socket_connect_timeout=settings.REDIS_TIMEOUT,
        )
    )
