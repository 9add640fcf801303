"""The bounded thread pools in which the gateway calls synchronous domain code. No ORM call happens on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

from kernel.errors import Unavailable
from kernel.metrics import limit_hit

P = ParamSpec("P")
R = TypeVar("R")


class DatabasePool:
    """Runs calls in at most `threads` threads of its own; each gives its database connection back when the call ends.

    `calls` are running or waiting; one that is given up counts no more, although its thread may still be at it.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"gateway-{name}")
        self.name = name
        self.threads = threads
        self.calls = 0

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return `function(...)`. Raises what it raises, and `Unavailable` when the database is away."""
        loop = asyncio.get_running_loop()
        context = copy_context()  # log lines of the call carry the socket's and the user's ids
        if self.calls >= self.threads:
            limit_hit(f"pool.{self.name}")
        self.calls += 1
        try:
            return await loop.run_in_executor(
                self._executor, lambda: context.run(call_domain, lambda: function(*args, **kwargs))
            )
        finally:
            self.calls -= 1

    def begin(self, work: Callable[[], None]) -> None:
        """Have a thread work by itself, by way of `call_domain`. Nobody waits for its end, so it must not raise."""
        self._executor.submit(work)

    def close(self) -> None:
        """Let running calls end and take no more."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def call_domain(function: Callable[[], R]) -> R:
    """Call a function in this thread, then give its database connection back. Raises `Unavailable` when the database is away."""
    try:
        return function()
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(retry_after=1.0) from error
    finally:
        close_old_connections()
