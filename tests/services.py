"""Pytest plugin: one throw-away PostgreSQL and Redis per test run, unless DATABASE_URL and REDIS_URL name services to use.

Named in `addopts` (`-p tests.services`) because Django's settings are read before any conftest. Under xdist the controller
starts the services; workers inherit the addresses.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from project.embedded.errors import CannotStart
from project.embedded.services import throwaway_services


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Start what is missing before pytest-django, which this wraps, imports the settings."""
    os.environ["ENVIRONMENT"] = "test"
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        _start_services()
    return (yield)


def _start_services() -> None:
    stack = ExitStack()
    atexit.register(stack.close)
    try:
        addresses = stack.enter_context(throwaway_services())
    except CannotStart as error:
        raise pytest.UsageError(str(error)) from None
    for name, address in addresses.items():
        os.environ.setdefault(name, address)
