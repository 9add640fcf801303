"""Counts rate limits with GCRA: in Redis by its clock, in one round trip, or in the process while Redis is away."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import redis
import structlog
from django.conf import settings

from kernel.metrics import limit_hit
from kernel.rate_limits import Allowance, RateLimit
from project.observability.metrics import LIMIT_UNITS, LIMITER_FAILURES

# Generic cell rate algorithm: the key holds the theoretical arrival time (TAT) of the next unit, in microseconds.
# A unit costs seconds/quota; it is allowed while TAT would lie at most `seconds` ahead of now.
# One script call for any number of units, in order; a key that comes again finds its TAT moved.
_GCRA = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window = tonumber(ARGV[2]) * 1000000
local cost = window / tonumber(ARGV[1])
local answers = {}
for number, key in ipairs(KEYS) do
  local tat = math.max(tonumber(redis.call('GET', key) or now), now)
  local ahead = tat + cost - now
  if ahead > window then
    answers[number] = {0, 0, math.ceil(tat - now), math.ceil(ahead - window)}
  else
    redis.call('SET', key, string.format('%.0f', tat + cost), 'PX', math.ceil(ahead / 1000))
    answers[number] = {1, math.floor((window - ahead) / cost + 0.000001), math.ceil(ahead), 0}
  end
end
return answers
"""
_PAUSE_AFTER_FAILURE_SECONDS = 1.0
_TOLERANCE_SECONDS = 0.000001
REMEMBERED_MAX = 10_000
"""Counters that one process keeps while Redis is away; of more, those that were touched least recently are forgotten."""

# The allowances that were taken while one request is answered, for its RateLimit headers.
_taken: ContextVar[list[Allowance] | None] = ContextVar("taken_allowances", default=None)
logger = structlog.get_logger(__name__)


class MemoryLimiter:
    """The same count in this process alone, in bounded memory. `clock` gives seconds that only go forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._arrivals: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, limit: RateLimit, key: str) -> Allowance:
        """Use up one unit of `limit` for `key`."""
        name, cost = f"{limit.name}:{key}", limit.seconds / limit.quota
        with self._lock:
            now = self._clock()
            arrival = max(self._arrivals.get(name, now), now)
            ahead = arrival + cost - now
            if ahead > limit.seconds + _TOLERANCE_SECONDS:
                return Allowance(limit, False, 0, arrival - now, ahead - limit.seconds)
            self._remember(name, arrival + cost)
        return Allowance(limit, True, int((limit.seconds - ahead) / cost + _TOLERANCE_SECONDS), ahead, 0.0)

    def _remember(self, name: str, arrival: float) -> None:
        self._arrivals[name] = arrival
        self._arrivals.move_to_end(name)
        if len(self._arrivals) > REMEMBERED_MAX:
            self._arrivals.popitem(last=False)


class RedisLimiter:
    """`kernel.rate_limits.RateLimiter` on Redis. With Redis away most limits let pass: they are a comfort, the service is not.

    Those that guard a secret are then counted in the process, so that an outage is no time to guess in. After a failure Redis is
    left alone for a second, so that not every request waits for its time-out.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._gcra = client.register_script(_GCRA)
        self._here = MemoryLimiter()
        self._asleep_until = 0.0

    def take(self, limit: RateLimit, key: str) -> Allowance:
        """Use up one unit of `limit` for `key`, and remember the allowance for the headers of the current request."""
        return self.take_many(limit, [key])[0]

    def take_many(self, limit: RateLimit, keys: Sequence[str]) -> list[Allowance]:
        """Use up one unit for each key, in order, in one round trip; remember the allowances as `take` does."""
        allowances = self._ask(limit, keys) if keys else []
        _count(limit, allowances)
        taken = _taken.get()
        if taken is not None:
            taken.extend(allowances)
        return allowances

    def _ask(self, limit: RateLimit, keys: Sequence[str]) -> list[Allowance]:
        if time.monotonic() < self._asleep_until:
            return self._without_redis(limit, keys)
        try:
            answers = self._gcra([f"rate:{limit.name}:{key}" for key in keys], [limit.quota, limit.seconds])
        except redis.RedisError as error:
            self._asleep_until = time.monotonic() + _PAUSE_AFTER_FAILURE_SECONDS
            logger.warning("rate_limits_off", error=type(error).__name__)
            LIMITER_FAILURES.inc()
            return self._without_redis(limit, keys)
        return [
            Allowance(limit, bool(allowed), remaining, reset / 1_000_000, retry / 1_000_000)
            for allowed, remaining, reset, retry in answers
        ]

    def _without_redis(self, limit: RateLimit, keys: Sequence[str]) -> list[Allowance]:
        return [self._here.take(limit, key) if limit.guards else _unlimited(limit) for key in keys]


def _count(limit: RateLimit, allowances: Sequence[Allowance]) -> None:
    allowed = sum(allowance.allowed for allowance in allowances)
    LIMIT_UNITS.labels(limit.name).inc(allowed)
    if allowed < len(allowances):
        limit_hit(limit.name, len(allowances) - allowed)


def _unlimited(limit: RateLimit) -> Allowance:
    return Allowance(limit, allowed=True, remaining=limit.quota, reset_after=0.0, retry_after=0.0)


def limiter_from_settings() -> RedisLimiter:
    """Return the limiter of this process; its connections are made at the first call and shared by all threads."""
    return RedisLimiter(
        redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=settings.REDIS_TIMEOUT,
            socket_connect_timeout=settings.REDIS_TIMEOUT,
        )
    )


@contextmanager
def recorded_allowances() -> Iterator[list[Allowance]]:
    """Collect the allowances that this thread takes inside the block."""
    taken: list[Allowance] = []
    token = _taken.set(taken)
    try:
        yield taken
    finally:
        _taken.reset(token)
