"""Pytest plugin: one throw-away PostgreSQL and Redis per test run, unless DATABASE_URL and REDIS_URL name services to use.

Named in `addopts` (`-p tests.services`) because Django's settings are read before any conftest. Under xdist the controller
starts the services; workers inherit the addresses, and each takes a Redis database of its own, as pytest-django does with PostgreSQL.
Of a Redis that was named they know one database only, so each starts a Redis instead: tests sweep each other's presence there.
"""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from project.embedded.errors import CannotStart
from project.embedded.homes import passing_home
from project.embedded.services import start_redis, throwaway_services

REDIS_IS_OURS = "TESTS_STARTED_REDIS"
WORKERS_MAX = 12
"""PostgreSQL has 200 connections, of which each worker and what it starts may take a few."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Start what is missing before pytest-django, which this wraps, imports the settings."""
    gc.disable()
    os.environ["ENVIRONMENT"] = "test"
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        _start_services()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and REDIS_IS_OURS in os.environ:
        database = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{database}").geturl()
    elif worker:
        os.environ["REDIS_URL"] = _start_redis()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[object]:
    """Let the collector look at what tests make, never again at what has been imported and found for them."""
    result = yield
    gc.collect()
    gc.freeze()
    gc.enable()
    return result


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # the first answer counts, and xdist has one of its own
def pytest_xdist_auto_num_workers() -> int | None:
    """Run two workers for each core: half of the time tests wait for the processes that they have started."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return min(2 * (os.cpu_count() or 1), WORKERS_MAX)


def _start_services() -> None:
    with _until_the_end() as stack:
        addresses = stack.enter_context(throwaway_services())
    if "REDIS_URL" not in os.environ:
        os.environ[REDIS_IS_OURS] = "1"
    for name, address in addresses.items():
        os.environ.setdefault(name, address)


def _start_redis() -> str:
    with _until_the_end() as stack:
        redis = start_redis(stack.enter_context(passing_home()))
        stack.callback(redis.child.stop)
    return redis.url


@contextmanager
def _until_the_end() -> Iterator[ExitStack]:
    """Yield what is closed when this process ends; say in pytest's own way what cannot be started."""
    stack = ExitStack()
    atexit.register(stack.close)
    try:
        yield stack
    except CannotStart as error:
        raise pytest.UsageError(str(error)) from None
