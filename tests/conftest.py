"""What tests of several apps share: a database, a limiter that counts in memory, full budgets and a REST client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
import redis
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker
from rest_framework.test import APIClient

from kernel import lockouts as kernel_lockouts
from kernel import rate_limits
from kernel.rate_limits import Allowance, RateLimit
from project.lockouts import MemoryLockouts
from tests.databases import database_of_tests, forget_migrated

hypothesis_settings.register_profile("default", deadline=None)  # a busy machine is no bug
hypothesis_settings.register_profile(
    "long", max_examples=1_000, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: workers that have nothing left to do would wait for one that began with it last."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, django_db_keepdb: bool, django_db_createdb: bool
) -> Iterator[None]:
    """Give Django a database of this process, a copy of the one that the first process of the run has migrated."""
    with django_db_blocker.unblock(), database_of_tests(reuse=django_db_keepdb and not django_db_createdb):
        yield


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drop what was migrated when all have copied it."""
    if not hasattr(config, "workerinput") and not config.getoption("reuse_db"):
        forget_migrated()


class CountingLimiter:
    """Counts units by limit and key, for ever."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()

    def take(self, limit: RateLimit, key: str) -> Allowance:
        """Use up one unit of `limit` for `key`."""
        self.taken[limit.name, key] += 1
        remaining = limit.quota - self.taken[limit.name, key]
        return Allowance(limit, remaining >= 0, max(remaining, 0), float(limit.seconds), float(limit.seconds))

    def take_many(self, limit: RateLimit, keys: Sequence[str]) -> list[Allowance]:
        """Use up one unit for each key."""
        return [self.take(limit, key) for key in keys]


@pytest.fixture
def limiter(monkeypatch: pytest.MonkeyPatch) -> CountingLimiter:
    """Plug in a fresh limiter."""
    counting = CountingLimiter()
    monkeypatch.setattr(rate_limits, "_limiter", counting)
    return counting


@pytest.fixture
def lockouts(monkeypatch: pytest.MonkeyPatch) -> MemoryLockouts:
    """Plug in a fresh counter of failed attempts."""
    counting = MemoryLockouts()
    monkeypatch.setattr(kernel_lockouts, "_lockouts", counting)
    return counting


@pytest.fixture
def unspent() -> None:
    """Start with full budgets, in the real Redis: it outlives a test run where it was named."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        spent = list(client.scan_iter("budget:*", count=1000))
        if spent:
            client.delete(*spent)


@pytest.fixture
def api() -> APIClient:
    """Return a REST client that sends JSON and that nobody is signed in with."""
    return APIClient()
