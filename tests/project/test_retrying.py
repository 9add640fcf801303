"""Parts of a process that are begun again: how often, after what pauses, and when no more."""

from __future__ import annotations

import asyncio

import pytest

from project import retrying
from project.retrying import TRIES, keep_trying


class Part:
    """Fails so many times, then ends."""

    def __init__(self, failures: int) -> None:
        self.runs = 0
        self.pauses: list[float] = []
        self._failures = failures

    async def __call__(self) -> None:
        self.runs += 1
        if self.runs <= self._failures:
            raise OSError(f"failure {self.runs}")

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def test_a_part_that_ends_is_not_begun_again():
    part = Part(failures=0)
    await keep_trying("tests", part, sleep=part.sleep)
    assert (part.runs, part.pauses) == (1, [])


async def test_a_part_that_fails_is_begun_again_after_pauses_that_grow_to_a_bound():
    part = Part(failures=TRIES - 1)
    await keep_trying("tests", part, sleep=part.sleep)
    assert (part.runs, part.pauses) == (TRIES, [0.25, 0.5, 1, 2, 4, 5, 5, 5, 5])


async def test_a_part_that_goes_on_failing_is_given_up_with_its_last_failure():
    part = Part(failures=TRIES)
    with pytest.raises(OSError, match=f"^failure {TRIES}$"):
        await keep_trying("tests", part, sleep=part.sleep)
    assert part.runs == TRIES


async def test_a_part_that_went_well_for_long_has_all_its_tries_again(monkeypatch):
    monkeypatch.setattr(retrying, "HEALTHY_SECONDS", -1)
    part = Part(failures=3 * TRIES)
    await keep_trying("tests", part, sleep=part.sleep)
    assert part.pauses == [0.25] * 3 * TRIES


async def test_a_part_that_fails_while_it_is_ended_is_not_begun_again():
    runs = []

    async def fail_at_the_end() -> None:
        runs.append(1)
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("the database is gone")

    task = asyncio.create_task(keep_trying("tests", fail_at_the_end))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(OSError, match="the database is gone"):
        await task
    assert len(runs) == 1
