"""Doing something again and again on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

logger = structlog.get_logger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again until cancelled; a failure is logged and does not end it."""
    while not ending():
        await asyncio.sleep(seconds)
        await logged(work)


async def logged(work: Callable[[], Awaitable[None]]) -> None:
    """Do something once; a failure is logged and not raised."""
    try:
        await work()
    except Exception:
        logger.exception("gateway.timer_failed")


def ending() -> bool:
    """Tell whether the current task was asked to end.

    `asyncio.wait_for`, which clients of Redis use, loses a cancellation that comes together with its result (until Python 3.12); a
    task that works in a loop looks here before it goes on.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
