"""Group commit without a database: what is gathered, in which order it is answered, and that one failure is one failure."""

from __future__ import annotations

import asyncio
import threading

import pytest
import structlog
from django.db import OperationalError
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import batching
from gateway.batching import Batcher, UnderWay
from gateway.errors import InternalError
from gateway.handing_over import HandOver
from kernel.actor import SYSTEM
from kernel.errors import Conflict, Unavailable
from kernel.wire import WireStruct
from tests.metrics import growth_of

WAIT_SECONDS = 30.0


class Answer(WireStruct, frozen=True):
    number: int


class Recorder:
    """A handler that notes the batches, and waits for its gate when it is closed."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self.fail_on: dict[int, Exception] = {}
        self.refuse: set[int] = set()

    def __call__(self, requests):
        numbers = [body for _, body in requests]
        self.batches.append(numbers)
        self.begun.set()
        assert self.gate.wait(WAIT_SECONDS)
        for number in numbers:
            if number in self.fail_on:
                raise self.fail_on[number]
        return [Conflict(str(number)) if number in self.refuse else Answer(number=number) for number in numbers]


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
async def batcher(recorder):
    made = Batcher("tests.gathered", recorder, HandOver(asyncio.get_running_loop()))
    yield made
    recorder.gate.set()
    made.close()


class Answers:
    """What came back, in order."""

    def __init__(self) -> None:
        self.given: list[tuple[int, object]] = []
        self._more = asyncio.Event()

    def put(self, batcher, number):
        batcher.put(SYSTEM, number, lambda outcome: self._take(number, outcome))

    def _take(self, number, outcome):
        self.given.append((number, outcome))
        self._more.set()

    async def of(self, amount):
        while len(self.given) < amount:
            self._more.clear()
            await asyncio.wait_for(self._more.wait(), WAIT_SECONDS)
        return self.given


async def test_a_command_that_comes_alone_is_a_batch_of_one(batcher, recorder):
    answers = Answers()
    for number in range(3):
        answers.put(batcher, number)
        assert (await answers.of(number + 1))[-1] == (number, Answer(number=number))
    assert recorder.batches == [[0], [1], [2]]


async def test_what_comes_while_a_batch_commits_is_the_next_batch(batcher, recorder):
    answers = Answers()
    recorder.gate.clear()
    answers.put(batcher, 0)
    assert await asyncio.to_thread(recorder.begun.wait, WAIT_SECONDS)
    for number in range(1, 6):
        answers.put(batcher, number)
    assert answers.given == []
    recorder.gate.set()
    assert await answers.of(6) == [(number, Answer(number=number)) for number in range(6)]
    assert recorder.batches == [[0], [1, 2, 3, 4, 5]]


async def test_a_batch_is_bounded(batcher, recorder, monkeypatch):
    monkeypatch.setattr(batching, "BATCH_SIZE", 4)
    answers = Answers()
    for number in range(10):
        answers.put(batcher, number)
    await answers.of(10)
    assert [len(batch) for batch in recorder.batches] == [4, 4, 2]


async def test_a_full_queue_is_a_retryable_refusal_and_what_waits_is_carried_out(batcher, recorder, monkeypatch):
    monkeypatch.setattr(batching, "QUEUE_SIZE", 2)
    full = growth_of("portcullis_limit_hits_total", limit="batch.queue")
    answers = Answers()
    answers.put(batcher, 0)
    answers.put(batcher, 1)
    with pytest.raises(Unavailable) as refused:
        answers.put(batcher, 2)
    assert (refused.value.retryable, refused.value.retry_after, full()) == (True, 1.0, 1)
    assert [number for number, _ in await answers.of(2)] == [0, 1]


async def test_a_refused_command_does_not_harm_its_neighbours(batcher, recorder):
    recorder.refuse = {1}
    answers = Answers()
    for number in range(3):
        answers.put(batcher, number)
    given = await answers.of(3)
    assert [type(outcome) for _, outcome in given] == [Answer, Conflict, Answer]
    assert recorder.batches == [[0, 1, 2]]


async def test_without_a_database_every_command_of_the_batch_may_be_tried_again(batcher, recorder):
    recorder.fail_on = {1: OperationalError("gone")}
    answers = Answers()
    for number in range(3):
        answers.put(batcher, number)
    assert [(type(outcome), outcome.retryable) for _, outcome in await answers.of(3)] == [(Unavailable, True)] * 3
    assert recorder.batches == [[0, 1, 2]]


async def test_a_command_that_breaks_the_handler_fails_alone(batcher, recorder):
    recorder.fail_on = {1: ValueError("secret detail")}
    answers = Answers()
    for number in range(3):
        answers.put(batcher, number)
    assert [type(outcome) for _, outcome in await answers.of(3)] == [Answer, InternalError, Answer]
    answers.put(batcher, 3)
    assert (await answers.of(4))[-1] == (3, Answer(number=3))


async def test_log_lines_of_a_batch_carry_no_ids_of_the_socket_that_started_it(recorder):
    seen = []
    made = Batcher(
        "tests.logged",
        lambda requests: seen.append(structlog.contextvars.get_contextvars()) or [Answer(number=0)],
        HandOver(asyncio.get_running_loop()),
    )
    answers = Answers()
    with structlog.contextvars.bound_contextvars(socket_id="mine"):
        answers.put(made, 0)
        await answers.of(1)
    made.close()
    assert seen == [{}]


async def test_what_a_batch_leaves_for_the_loop_comes_together_with_its_answers_and_before_them():
    loop, seen = asyncio.get_running_loop(), []
    hand_over = HandOver(loop)

    def handle(requests):
        hand_over.call_soon(lambda: seen.append("events"))
        return [Answer(number=number) for _, number in requests]

    made = Batcher("tests.together", handle, hand_over)
    done = asyncio.Event()
    made.put(SYSTEM, 0, lambda outcome: seen.append(outcome))
    made.put(SYSTEM, 1, lambda outcome: seen.append(outcome) or loop.call_soon(done.set))
    await asyncio.wait_for(done.wait(), WAIT_SECONDS)
    made.close()
    assert seen == ["events", Answer(number=0), Answer(number=1)]


@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(st.sampled_from(["a", "a", "a", "b", "alone", "finish"]), max_size=40),
    bound=st.integers(1, 4),
)
def test_commands_of_one_socket_begin_in_order_and_alone_unless_of_one_batcher(steps, bound):
    """A model of one socket: `finish` answers the oldest, everything else asks for a turn."""

    async def drive() -> None:
        way, batchers = UnderWay(), {"a": object(), "b": object(), "alone": None}
        in_flight: list[str] = []
        for step in steps:
            if step == "finish":
                if in_flight:
                    in_flight.pop(0)
                    way.end()
                continue
            with way.reading():
                turn = asyncio.create_task(way.turn(batchers[step]))
                while True:
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                    may_begin = not in_flight or (in_flight[0] == step and len(in_flight) < bound)
                    assert turn.done() == may_begin
                    if may_begin:
                        break
                    in_flight.pop(0)
                    way.end()
                    assert not way.idle
                if step != "alone":
                    way.begin(batchers[step])
                    in_flight.append(step)
            assert way.idle == (not in_flight)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "IN_FLIGHT_MAX", bound)
        asyncio.run(drive())
