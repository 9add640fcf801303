"""Questions of many sockets are answered by few calls, and each gets its own answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from itertools import groupby

import pytest

from gateway.gathering import ANSWERED_PER_ROUND, FULL_RETRY_SECONDS, Gatherer
from gateway.pool import DatabasePool
from kernel.errors import DomainError, NotFound, Unavailable
from tests.metrics import growth_of


class Doubling:
    """Doubles numbers; 13 does not exist. The first call waits until it is let go."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, numbers: Sequence[int]) -> list[int | DomainError]:
        self.calls.append(list(numbers))
        self.begun.set()
        self.let_go.wait(60)
        return [NotFound() if number == 13 else number * 2 for number in numbers]


@pytest.fixture
def pool():
    pool = DatabasePool("test", 1)
    yield pool
    pool.close()


async def test_what_is_asked_while_a_call_runs_is_the_next_call(pool):
    doubling = Doubling()
    gatherer = Gatherer(pool, doubling)
    first = asyncio.create_task(gatherer.ask(1))
    await asyncio.to_thread(doubling.begun.wait, 60)
    others = [asyncio.create_task(gatherer.ask(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    doubling.let_go.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert doubling.calls == [[1], [2, 3, 4]]


async def test_a_refusal_is_that_of_one_question_alone(pool):
    doubling = Doubling()
    doubling.let_go.set()
    gatherer = Gatherer(pool, doubling)
    answers = await asyncio.gather(*(gatherer.ask(number) for number in (12, 13, 14)), return_exceptions=True)
    assert answers[0] == 24
    assert isinstance(answers[1], NotFound)
    assert answers[2] == 28


async def test_what_a_call_raises_is_the_fate_of_all_that_asked_and_of_nobody_later(pool):
    failures = [ValueError("broken")]

    def answer_all(numbers: Sequence[int]) -> list[int | DomainError]:
        if failures:
            raise failures.pop()
        return list(numbers)

    gatherer = Gatherer(pool, answer_all)
    answers = await asyncio.gather(gatherer.ask(1), gatherer.ask(2), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["broken", "broken"]
    assert await gatherer.ask(3) == 3


async def test_a_question_that_nobody_waits_for_any_more_is_not_asked(pool):
    doubling = Doubling()
    gatherer = Gatherer(pool, doubling)
    first = asyncio.create_task(gatherer.ask(1))
    await asyncio.to_thread(doubling.begun.wait, 60)
    gone = asyncio.create_task(gatherer.ask(2))
    await asyncio.sleep(0)
    gone.cancel()
    doubling.let_go.set()
    assert await first == 2
    assert await gatherer.ask(3) == 6
    assert doubling.calls == [[1], [3]]


async def test_who_asks_again_as_soon_as_the_answer_comes_is_answered_again(pool):
    """The call's task has done its work by then, but is not yet known to be finished."""
    doubling = Doubling()
    doubling.let_go.set()
    gatherer = Gatherer(pool, doubling)
    answers = [await asyncio.wait_for(gatherer.ask(number), 5) for number in (1, 2, 3)]
    assert answers == [2, 4, 6]


async def test_more_questions_than_may_wait_are_a_retryable_refusal_and_those_that_wait_are_answered(pool, monkeypatch):
    monkeypatch.setattr("gateway.gathering.QUEUE_SIZE", 2)
    full = growth_of("portcullis_limit_hits_total", limit="gather.queue")
    doubling = Doubling()
    gatherer = Gatherer(pool, doubling)
    first = asyncio.create_task(gatherer.ask(1))
    await asyncio.to_thread(doubling.begun.wait, 60)
    others = [asyncio.create_task(gatherer.ask(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    doubling.let_go.set()
    *answered, refused = await asyncio.gather(first, *others, return_exceptions=True)
    assert (answered, doubling.calls, full()) == ([2, 4, 6], [[1], [2, 3]], 1)
    assert isinstance(refused, Unavailable)
    assert refused.retry_after == FULL_RETRY_SECONDS


async def test_after_a_crowd_the_next_call_waits_for_more_and_after_a_single_one_it_does_not(pool, monkeypatch):
    monkeypatch.setattr("gateway.gathering.CROWD", 1)
    monkeypatch.setattr("gateway.gathering.LONGEST_PAUSE_SECONDS", 2.0)
    monkeypatch.setattr("gateway.gathering.LONGEST_GAP_SECONDS", 1.0)
    doubling = Doubling()
    doubling.let_go.set()
    gatherer = Gatherer(pool, doubling)
    await gatherer.ask(1)
    await asyncio.gather(gatherer.ask(2), gatherer.ask(3))
    early = asyncio.create_task(gatherer.ask(4))
    await asyncio.to_thread(doubling.begun.wait, 60)
    assert await asyncio.gather(early, gatherer.ask(5)) == [8, 10]
    assert doubling.calls == [[1], [2, 3], [4, 5]]


async def test_a_full_call_does_not_wait(pool, monkeypatch):
    monkeypatch.setattr("gateway.gathering.CALL_SIZE", 2)
    monkeypatch.setattr("gateway.gathering.CROWD", 1)
    monkeypatch.setattr("gateway.gathering.LONGEST_PAUSE_SECONDS", 3_600)
    monkeypatch.setattr("gateway.gathering.LONGEST_GAP_SECONDS", 3_600)
    doubling = Doubling()
    doubling.let_go.set()
    gatherer = Gatherer(pool, doubling)
    assert await asyncio.gather(*(gatherer.ask(number) for number in range(4))) == [0, 2, 4, 6]
    assert doubling.calls == [[0, 1], [2, 3]]


async def test_nobody_is_waited_for_once_no_more_come(pool, monkeypatch):
    monkeypatch.setattr("gateway.gathering.LONGEST_PAUSE_SECONDS", 3_600.0)
    gatherer = Gatherer(pool, list)
    await asyncio.gather(*(gatherer.ask(number) for number in range(40)))
    assert await asyncio.wait_for(gatherer.ask(40), 60) == 40


async def test_those_who_are_answered_together_go_on_a_few_per_round_in_order(pool):
    gatherer, order = Gatherer(pool, list), []

    async def go_on(number):
        order.append(await gatherer.ask(number))

    async def other_work():
        while len(order) - order.count("other") < 40:
            await asyncio.sleep(0)
            order.append("other")

    await asyncio.gather(other_work(), *(go_on(number) for number in range(40)))
    assert [one for one in order if one != "other"] == list(range(40))
    crowds = [len([*group]) for is_other, group in groupby(order, lambda one: one == "other") if not is_other]
    assert max(crowds) == ANSWERED_PER_ROUND
