"""The bell of those who read the log in the background: at once, then rarely, and never for what nobody reads."""

from __future__ import annotations

import asyncio

import pytest

from eventlog.topics import Topic, topic_for
from gateway import readers_bell
from gateway.readers_bell import ReadersBell
from kernel.ids import uuid7


class Rings:
    """Counts rings."""

    def __init__(self) -> None:
        self.number = 0
        self._rung = asyncio.Event()

    def __call__(self) -> None:
        self.number += 1
        self._rung.set()

    async def next(self) -> None:
        """Wait for a ring that nobody waited for yet."""
        await asyncio.wait_for(self._rung.wait(), 5)
        self._rung.clear()


@pytest.fixture
def rings() -> Rings:
    return Rings()


@pytest.fixture
async def bell(rings):
    bell = ReadersBell(rings)
    yield bell
    bell.close()


@pytest.fixture
def consumed() -> Topic:
    """Return a topic that chat has a consumer of."""
    return topic_for("community", uuid7())


async def test_the_first_event_rings_at_once_and_all_that_follow_soon_ring_together(bell, rings, consumed, monkeypatch):
    monkeypatch.setattr(readers_bell, "QUIET_SECONDS", 0.01)
    bell.committed([consumed])
    assert rings.number == 1
    for _ in range(50):
        bell.committed([consumed])
    assert rings.number == 1
    await rings.next()
    await rings.next()
    assert rings.number == 2


async def test_what_no_consumer_reads_rings_nobody(bell, rings, consumed):
    bell.committed([topic_for("room", uuid7()), topic_for("user", uuid7())])
    bell.committed([])
    assert rings.number == 0
    bell.committed([topic_for("room", uuid7()), consumed])
    assert rings.number == 1


async def test_after_a_quiet_while_it_rings_at_once_again(bell, rings, consumed):
    bell.committed([consumed])
    bell._quiet.cancel()
    bell._ring_and_rest()
    assert rings.number == 1
    bell.committed([consumed])
    assert rings.number == 2
