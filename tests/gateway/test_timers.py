"""Work that is done again and again: it outlives its failures and ends when it is told to, whatever the work makes of that."""

from __future__ import annotations

import asyncio

from gateway.timers import every


async def test_a_failure_does_not_end_the_timer():
    runs = 0
    twice = asyncio.Event()

    async def fail() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            twice.set()
        raise RuntimeError("this time")

    task = asyncio.create_task(every(0, fail))
    await asyncio.wait_for(twice.wait(), 60)
    task.cancel()
    await asyncio.wait([task], timeout=60)
    assert task.cancelled()


async def test_a_cancellation_that_is_swallowed_by_the_work_ends_the_timer_all_the_same():
    """As `asyncio.wait_for` does until Python 3.12 when a result comes together with the cancellation."""
    started = asyncio.Event()

    async def swallow() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    task = asyncio.create_task(every(0, swallow))
    await asyncio.wait_for(started.wait(), 5)
    task.cancel()
    await asyncio.wait_for(task, 5)
    assert task.done()
