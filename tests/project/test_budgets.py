"""Budgets in Redis: exact windows, all or nothing, and nothing without Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import redis
import time_machine
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from kernel.errors import Unavailable
from kernel.rate_limits import RateLimit
from project.budgets import RedisTreasurer
from tests.concurrency import at_once

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURLY = RateLimit("tests.hour", 3, 3600)
DAILY = RateLimit("tests.day", 5, 86_400)


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture
def treasurer(client) -> RedisTreasurer:
    return RedisTreasurer(client)


@pytest.fixture
def key() -> str:
    return uuid4().hex


def test_a_quota_holds_in_every_window_and_the_refusal_says_when_a_unit_is_free(treasurer, key):
    answers = []
    for minutes in (0, 10, 20, 30, 59, 60, 61):
        with time_machine.travel(START + timedelta(minutes=minutes), tick=False):
            refusal = treasurer.spend([(HOURLY, key)])
        answers.append(refusal and refusal.retry_after)
    assert answers == [None, None, None, 1800.0, 60.0, None, 540.0]


def test_a_refused_call_spends_nothing_and_waits_for_the_budget_that_frees_last(treasurer, client, key):
    with time_machine.travel(START, tick=False):
        for _ in range(3):
            assert treasurer.spend([(HOURLY, key), (DAILY, key)]) is None
        refusal = treasurer.spend([(HOURLY, key), (DAILY, key)])
        assert (refusal.retry_after, refusal.data) == (3600.0, {"limit": "tests.hour"})
        assert client.zcard(f"budget:tests.day:{key}") == 3
        assert [treasurer.spend([(DAILY, key)]) for _ in range(2)] == [None, None]
        refusal = treasurer.spend([(HOURLY, key), (DAILY, key)])
        assert (refusal.retry_after, refusal.data) == (86_400.0, {"limit": "tests.day"})


def test_keys_do_not_share_a_budget(treasurer, key):
    limit = RateLimit("tests.one", 1, 3600)
    assert treasurer.spend([(limit, key)]) is None
    assert treasurer.spend([(limit, f"{key}2")]) is None
    assert treasurer.spend([(limit, key)]) is not None


def test_of_many_at_once_no_more_than_the_quota_spend(treasurer, key):
    answers = at_once(*[lambda: treasurer.spend([(HOURLY, key)])] * 12)
    assert len([answer for answer in answers if answer is None]) == 3


def test_what_was_spent_is_forgotten_after_its_window(treasurer, client, key):
    treasurer.spend([(HOURLY, key)])
    assert 3_590_000 < client.pttl(f"budget:tests.hour:{key}") <= 3_600_000


def test_without_redis_nothing_is_spent(key):
    nobody = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    with pytest.raises(Unavailable):
        RedisTreasurer(nobody).spend([(HOURLY, key)])
