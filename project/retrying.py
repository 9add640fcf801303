"""Parts of a process that are begun again when they fail: a database that is slow for a moment costs a pause, not the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

logger = structlog.get_logger(__name__)

TRIES = 10
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
HEALTHY_SECONDS = 60.0

Part = Callable[[], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]


async def keep_trying(name: str, part: Part, *, sleep: Sleep = asyncio.sleep) -> None:
    """Run a part to its end, again after each failure: ten times at most, with pauses that grow from 0.25 to 5 seconds.

    A part that went well for a minute has all its tries again. Raises what the last try failed with: then whoever watches over
    the process begins it anew.
    """
    now = asyncio.get_running_loop().time
    failures = 0
    while True:
        began = now()
        try:
            return await part()
        except Exception:
            failures = 1 if now() - began > HEALTHY_SECONDS else failures + 1
            if failures == TRIES or _cancelled():
                raise
            logger.exception("worker.part_failed", part=name, failures=failures)
        await sleep(min(FIRST_PAUSE_SECONDS * 2 ** (failures - 1), LONGEST_PAUSE_SECONDS))


def _cancelled() -> bool:
    """Tell whether the failure came out of an orderly end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
