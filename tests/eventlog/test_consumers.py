"""Consumers: every event once, in order, with the cursor in the same transaction; failures wait, they do not skip."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from eventlog import consumers
from eventlog.append import Draft, append
from eventlog.consumers import Consumer, consumer, sweep
from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.models import Cursor
from eventlog.topics import Topic, topic_for
from kernel.clock import now
from kernel.ids import uuid7

pytestmark = pytest.mark.django_db


def new_topic(kind: str = "room", events: int = 3) -> Topic:
    topic = topic_for(kind, uuid7())
    add_events(topic, events)
    return topic


def add_events(topic: Topic, amount: int) -> None:
    with transaction.atomic():
        append([Draft(topic, AccessRevoked(user=uuid7())) for _ in range(amount)])


class Reader:
    def __init__(self, *, kinds: tuple[str, ...] = ("room",)) -> None:
        self.seen: list[tuple[Topic, int]] = []
        self.fails_at: int | None = None
        self.consumer = Consumer("tests.reader", kinds, self.handle)

    def handle(self, event: LoggedEvent) -> None:
        if event.seq == self.fails_at:
            raise ValueError
        self.seen.append((event.topic, event.seq))


def test_a_consumer_sees_every_event_of_its_kinds_once_and_in_order():
    reader = Reader()
    topic, other = new_topic(), new_topic("user")
    assert sweep(reader.consumer) == 3
    add_events(topic, 2)
    assert sweep(reader.consumer) == 2
    assert sweep(reader.consumer) == 0
    assert reader.seen == [(topic, seq) for seq in range(1, 6)]
    assert not Cursor.objects.filter(topic=other).exists()


def test_a_long_topic_is_handled_page_by_page():
    reader = Reader()
    topic = new_topic(events=consumers.PAGE + 1)
    assert [sweep(reader.consumer), sweep(reader.consumer)] == [consumers.PAGE, 1]
    assert reader.seen == [(topic, seq) for seq in range(1, consumers.PAGE + 2)]


def test_consumers_have_cursors_of_their_own():
    first, second = Reader(), Reader()
    second.consumer = Consumer("tests.second", ("room",), second.handle)
    new_topic()
    assert (sweep(first.consumer), sweep(second.consumer)) == (3, 3)


def test_a_failing_event_holds_its_topic_back_with_growing_pauses_and_disturbs_no_other():
    reader = Reader()
    reader.fails_at = 2
    bad, good = new_topic(events=3), new_topic(events=1)
    with time_machine.travel(now(), tick=False):
        assert sweep(reader.consumer) == 1
        cursor = Cursor.objects.get(topic=bad)
        assert (cursor.seq, cursor.failures, cursor.retry_at - now()) == (0, 1, timedelta(seconds=2))
        assert sweep(reader.consumer) == 0
    assert [topic for topic, _ in reader.seen] == sorted([bad, good], key=lambda topic: topic != reader.seen[0][0])


def test_after_a_failure_the_whole_page_is_handled_again_once_its_time_has_come():
    reader = Reader()
    reader.fails_at = 2
    topic = new_topic(events=3)
    sweep(reader.consumer)
    reader.fails_at = None
    Cursor.objects.update(retry_at=now() - timedelta(seconds=1))
    assert sweep(reader.consumer) == 3
    assert reader.seen == [(topic, 1), (topic, 1), (topic, 2), (topic, 3)]
    cursor = Cursor.objects.get(topic=topic)
    assert (cursor.seq, cursor.failures, cursor.retry_at) == (3, 0, None)


def test_what_a_failing_handler_wrote_is_undone():
    def write_then_fail(event: LoggedEvent) -> None:
        Cursor.objects.create(consumer="tests.written", topic=event.topic)
        raise ValueError

    new_topic()
    sweep(Consumer("tests.writer", ("room",), write_then_fail))
    assert not Cursor.objects.filter(consumer="tests.written").exists()


def test_a_name_is_given_once(monkeypatch):
    monkeypatch.setattr(consumers, "_consumers", {})
    consumer("tests.one", kinds=("room",))(lambda event: None)
    with pytest.raises(RuntimeError, match="registered twice"):
        consumer("tests.one", kinds=("room",))(lambda event: None)
