"""The limiter on Redis: exact bursts, steady refill, one round trip, and open doors when Redis is away."""

from __future__ import annotations

import threading
import time
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
import redis

from kernel import rate_limits as kernel_rate_limits
from kernel.errors import RateLimited
from kernel.rate_limits import RateLimit
from project.rate_limits import REMEMBERED_MAX, MemoryLimiter, limiter_from_settings, recorded_allowances

SLOW = RateLimit("test.slow", quota=3, seconds=60)
QUICK = RateLimit("test.quick", quota=2, seconds=4)


@pytest.fixture
def key() -> str:
    return uuid4().hex


def test_a_quota_can_be_used_at_once_and_then_no_more(key: str) -> None:
    limiter = limiter_from_settings()
    limit = RateLimit("test.long", quota=3, seconds=600)
    allowances = [limiter.take(limit, key) for _ in range(4)]
    assert [allowance.allowed for allowance in allowances] == [True, True, True, False]
    assert [allowance.remaining for allowance in allowances] == [2, 1, 0, 0]
    assert 190 < allowances[3].retry_after <= 200
    assert 590 < allowances[3].reset_after <= 600


def test_keys_and_limits_are_counted_apart(key: str) -> None:
    limiter = limiter_from_settings()
    limiter.take(QUICK, key)
    assert limiter.take(QUICK, key + "other").remaining == 1
    assert limiter.take(SLOW, key).remaining == 2


def test_many_units_are_counted_one_by_one_in_one_round_trip(key: str) -> None:
    limiter = limiter_from_settings()
    limiter.take(SLOW, key)
    allowances = limiter.take_many(SLOW, [key, key + "other", key, key, key + "other"])
    assert [(allowance.allowed, allowance.remaining) for allowance in allowances] == [
        (True, 1),
        (True, 2),
        (True, 0),
        (False, 0),
        (True, 1),
    ]
    assert limiter.take_many(SLOW, []) == []
    assert not limiter.take(SLOW, key).allowed


def test_units_come_back_one_by_one(key: str) -> None:
    limiter = limiter_from_settings()
    for _ in range(2):
        limiter.take(QUICK, key)
    refused = limiter.take(QUICK, key)
    assert not refused.allowed
    time.sleep(refused.retry_after)
    assert [limiter.take(QUICK, key).allowed for _ in range(2)] == [True, False]


def test_threads_share_a_quota_exactly(key: str) -> None:
    limiter = limiter_from_settings()
    limit = RateLimit("test.shared", quota=20, seconds=600)
    allowed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: allowed.extend(limiter.take(limit, key).allowed for _ in range(10)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (allowed.count(True), allowed.count(False)) == (20, 20)


def test_a_counter_leaves_redis_with_its_window(key: str, settings: Any) -> None:
    limiter_from_settings().take(QUICK, key)
    client: Any = redis.Redis.from_url(settings.REDIS_URL)
    assert 0 < client.pttl(f"rate:test.quick:{key}") <= 2_000


def test_without_redis_everything_passes_and_redis_is_left_alone_for_a_while(
    key: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limiter = limiter_from_settings()
    assert limiter.take(SLOW, key).allowed
    monkeypatch.setattr(limiter, "_gcra", Mock(side_effect=AssertionError("asked again")))
    allowances = [limiter.take(SLOW, key) for _ in range(5)]
    assert [(allowance.allowed, allowance.remaining) for allowance in allowances] == [(True, 3)] * 5


GUARD = RateLimit("test.guard", quota=3, seconds=60, guards=True)


def test_without_redis_what_guards_a_secret_is_counted_in_the_process(key: str, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limiter = limiter_from_settings()
    allowances = limiter.take_many(GUARD, [key] * 4)
    assert [(allowance.allowed, allowance.remaining) for allowance in allowances] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert 19 < allowances[3].retry_after <= 20
    assert limiter.take(GUARD, key + "other").remaining == 2


def test_the_process_counts_as_redis_does() -> None:
    moments = iter([0, 0, 0, 0, 19.9, 20, 20, 60, 1000])
    now = [0.0]
    limiter = MemoryLimiter(lambda: now[0])
    answers = []
    for now[0] in moments:
        allowance = limiter.take(GUARD, "k")
        answers.append((allowance.allowed, allowance.remaining, round(allowance.retry_after, 1)))
    assert answers == [
        (True, 2, 0.0),
        (True, 1, 0.0),
        (True, 0, 0.0),
        (False, 0, 20.0),
        (False, 0, 0.1),
        (True, 0, 0.0),
        (False, 0, 20.0),
        (True, 1, 0.0),
        (True, 2, 0.0),
    ]


def test_what_the_process_remembers_is_bounded() -> None:
    limiter = MemoryLimiter()
    for number in range(REMEMBERED_MAX + 10):
        limiter.take(GUARD, str(number))
    assert len(limiter._arrivals) == REMEMBERED_MAX
    assert [limiter.take(GUARD, "9").remaining, limiter.take(GUARD, str(REMEMBERED_MAX)).remaining] == [2, 1]


def test_the_worst_window_holds_less_than_twice_the_quota() -> None:
    now = [0.0]
    limiter = MemoryLimiter(lambda: now[0])
    passed = []
    for step in range(61):
        now[0] = float(step)
        passed += [step for _ in range(5) if limiter.take(GUARD, "k").allowed]
    assert len([moment for moment in passed if moment < 60]) == 5
    assert max(len([moment for moment in passed if start <= moment < start + 60]) for start in range(61)) == 5


def test_the_kernel_asks_this_limiter(key: str) -> None:
    with recorded_allowances() as taken:
        for _ in range(3):
            kernel_rate_limits.take(SLOW, key)
        with pytest.raises(RateLimited) as caught:
            kernel_rate_limits.take(SLOW, key)
    assert caught.value.data == {"limit": "test.slow"}
    assert [allowance.remaining for allowance in taken] == [2, 1, 0, 0]
    kernel_rate_limits.take(QUICK, key)
    assert len(taken) == 4
