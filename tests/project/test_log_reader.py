"""When the worker reads the log: when it is rung, again while there is more, and by the clock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from eventlog.doorbell import LoggedEvent
from eventlog.topics import topic_for
from gateway.relay import ChannelLayerRelay
from kernel.ids import uuid7
from project import log_reader
from project.log_reader import LogReader

NEVER_SECONDS = 3_600


class Log:
    """Says how much each sweep finds, or fails; nothing when it was told of no more."""

    def __init__(self) -> None:
        self.finds: list[int | Exception] = []
        self._swept = threading.Semaphore(0)

    def sweep(self) -> int:
        found = self.finds.pop(0) if self.finds else 0
        self._swept.release()
        if isinstance(found, Exception):
            raise found
        return found

    async def swept(self, times: int = 1) -> None:
        """Wait for so many sweeps."""
        for _ in range(times):
            assert await asyncio.to_thread(self._swept.acquire, timeout=60)

    def rests(self) -> bool:
        return not self._swept.acquire(blocking=False)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def reader(log, monkeypatch) -> LogReader:
    """Return a reader that is never woken by the clock."""
    for name in ("PAUSE_SECONDS", "DEAF_PAUSE_SECONDS", "FAILURE_PAUSE_SECONDS"):
        monkeypatch.setattr(log_reader, name, NEVER_SECONDS)
    monkeypatch.setattr(log_reader, "GATHER_SECONDS", 0)
    return LogReader(log.sweep)


@pytest.fixture
async def begin(reader) -> AsyncIterator[Callable[[], asyncio.Task[None]]]:
    """Return a function that lets the reader read, until the end of the test."""
    tasks: list[asyncio.Task[None]] = []

    def begin(*, listening: bool = False) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(reader.run() if listening else reader.read()))
        return tasks[-1]

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_it_reads_on_while_there_is_more_and_then_waits_to_be_woken(log, reader, begin):
    log.finds = [100, 3]
    begin()
    await log.swept(3)
    assert log.rests()
    reader.wake()
    await log.swept()


async def test_who_rings_during_a_sweep_is_not_forgotten(log, reader, begin):
    sweep, entered, go_on = log.sweep, threading.Event(), threading.Event()

    def sweep_slowly() -> int:
        reader._read = sweep
        entered.set()
        go_on.wait(60)
        return 0

    reader._read = sweep_slowly
    begin()
    assert await asyncio.to_thread(entered.wait, 60)
    reader.wake()
    go_on.set()
    await log.swept()


@pytest.mark.parametrize(("hears", "pause"), [(True, "PAUSE_SECONDS"), (False, "DEAF_PAUSE_SECONDS")])
async def test_it_reads_by_the_clock_as_often_as_it_must(log, reader, begin, monkeypatch, hears, pause):
    monkeypatch.setattr(log_reader, pause, 0.01)
    reader.hears = hears
    begin()
    await log.swept(3)


async def test_a_sweep_that_fails_is_tried_again_after_a_pause(log, begin, monkeypatch):
    monkeypatch.setattr(log_reader, "FAILURE_PAUSE_SECONDS", 0.01)
    log.finds = [OSError("the database is gone")]
    task = begin()
    await log.swept(2)
    assert not task.done()


async def test_what_another_process_commits_wakes_it(log, begin):
    other = ChannelLayerRelay(lambda _: None)
    other.start_sending()
    begin(listening=True)
    await log.swept()
    other.send_events([LoggedEvent(topic_for("community", uuid7()), 1, "tests.noted", b"{}")])
    await log.swept()
    await other.close()
