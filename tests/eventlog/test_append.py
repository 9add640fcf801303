"""Appending: numbers without gaps, in commit order, in a constant number of statements."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from django.db import connection, transaction

from eventlog.append import Draft, append, hold_topics, publish
from eventlog.doorbell import EphemeralEvent, LoggedEvent, add_listener, remove_listener
from eventlog.events import AccessRevoked, Event, durable_event, ephemeral_event
from eventlog.models import StoredEvent
from eventlog.replay import read_events, read_heads
from eventlog.topics import Topic, topic_for
from kernel.ids import uuid7
from tests.event_log import events_of


@durable_event("tests.noted")
class Noted(Event):
    text: str


@ephemeral_event("tests.glimpsed", delivery="coalesced")
class Glimpsed(Event):
    text: str


class Recorder:
    def __init__(self) -> None:
        self.committed_events: list[LoggedEvent] = []
        self.ephemeral: list[EphemeralEvent] = []

    def committed(self, events: list[LoggedEvent]) -> None:
        self.committed_events += events

    def published(self, event: EphemeralEvent) -> None:
        self.ephemeral.append(event)


@pytest.fixture
def recorder():
    recorder = Recorder()
    add_listener(recorder)
    yield recorder
    remove_listener(recorder)


def note(topic: Topic, text: str = "x") -> Draft:
    return Draft(topic, Noted(text=text))


def new_topic() -> Topic:
    return topic_for("room", uuid7())


@pytest.mark.django_db
def test_events_of_a_topic_are_numbered_from_one_without_gaps():
    first, second = new_topic(), new_topic()
    with transaction.atomic():
        append([note(first, "a"), note(second, "b"), note(first, "c")])
    with transaction.atomic():
        append([note(first, "d")])
    assert events_of(first) == [
        (1, "tests.noted", Noted(text="a")),
        (2, "tests.noted", Noted(text="c")),
        (3, "tests.noted", Noted(text="d")),
    ]
    assert events_of(second) == [(1, "tests.noted", Noted(text="b"))]
    assert read_heads([first, second, Topic("room:none")]) == {first: 3, second: 1, "room:none": 0}


@pytest.mark.django_db
def test_a_draft_can_build_its_event_from_the_seq_it_gets():
    topic = new_topic()
    with transaction.atomic():
        append([note(topic)])
        appended = append([Draft(topic, lambda seq: Noted(text=f"number {seq}"))])
    assert [(entry.seq, entry.event) for entry in appended] == [(2, Noted(text="number 2"))]


@pytest.mark.django_db
@pytest.mark.parametrize("amount", [1, 300])
def test_appending_takes_two_statements_however_many_events_and_topics(amount, django_assert_num_queries):
    drafts = [note(new_topic()) for _ in range(amount)]
    with transaction.atomic(), django_assert_num_queries(2):
        append(drafts)


@pytest.mark.django_db
def test_topics_that_are_held_are_numbered_on_like_any_others():
    first, second = new_topic(), new_topic()
    with transaction.atomic():
        append([note(first, "a"), note(second, "b")])
    with transaction.atomic():
        held = hold_topics([first, second])
        assert held.heads == {first: 1, second: 1}
        appended = append([note(first, "c"), note(first, "d")], held=held)
        append([note(second, "e"), note(first, "f")], held=held)
    assert [entry.seq for entry in appended] == [2, 3]
    assert [(seq, event.text) for seq, _, event in events_of(first)] == [(1, "a"), (2, "c"), (3, "d"), (4, "f")]
    assert [(seq, event.text) for seq, _, event in events_of(second)] == [(1, "b"), (2, "e")]
    assert read_heads([first, second]) == {first: 4, second: 2}


@pytest.mark.django_db(transaction=True)
def test_what_is_not_held_or_has_moved_since_is_refused_and_writes_nothing():
    topic = new_topic()
    with transaction.atomic():
        append([note(topic)])
        held = hold_topics([topic, new_topic()])
        assert held.heads == {topic: 1}
    with transaction.atomic():
        append([note(topic)])
    with pytest.raises(RuntimeError, match="moved"), transaction.atomic():
        append([note(topic)], held=held)
    with pytest.raises(RuntimeError, match="not among the held"), transaction.atomic():
        append([note(new_topic())], held=held)
    assert read_heads([topic]) == {topic: 2}
    assert len(events_of(topic)) == 2


@pytest.mark.django_db(transaction=True)
def test_holding_topics_outside_of_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="belongs into the transaction"):
        hold_topics([new_topic()])


@pytest.mark.django_db(transaction=True)
def test_append_outside_of_a_transaction_is_refused_and_writes_nothing():
    with pytest.raises(RuntimeError, match="belongs into the transaction"):
        append([note(new_topic())])
    assert not StoredEvent.objects.exists()


@pytest.mark.django_db
def test_an_ephemeral_event_is_not_kept_and_a_durable_one_is_not_published():
    topic = new_topic()
    with pytest.raises(RuntimeError, match="is durable"):
        publish(topic, Noted(text="x"))
    with pytest.raises(RuntimeError, match="is ephemeral"), transaction.atomic():
        append([Draft(topic, Glimpsed(text="x"))])
    assert events_of(topic) == []
    assert read_heads([topic]) == {topic: 0}


@pytest.mark.django_db(transaction=True)
def test_the_doorbell_rings_after_commit_and_not_after_a_rollback(recorder):
    topic = new_topic()
    with transaction.atomic():
        append([note(topic, "kept")])
        publish(topic, Glimpsed(text="seen"), key="k")
        assert recorder.committed_events == []
        assert recorder.ephemeral == []
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        append([note(topic, "lost")])
        publish(topic, Glimpsed(text="lost"))
        _ = 1 / 0
    assert recorder.committed_events == [LoggedEvent(topic, 1, "tests.noted", b'{"text":"kept"}')]
    glimpsed = EphemeralEvent(topic, "tests.glimpsed", b'{"text":"seen"}', "tests.glimpsed:k", after=1)
    assert recorder.ephemeral == [glimpsed]
    assert read_heads([topic]) == {topic: 1}


@pytest.mark.django_db(transaction=True)
def test_a_failing_listener_disturbs_neither_the_commit_nor_the_others(recorder):
    class Broken(Recorder):
        def committed(self, events):
            raise OSError

    broken = Broken()
    add_listener(broken)
    try:
        topic = new_topic()
        with transaction.atomic():
            append([note(topic)])
    finally:
        remove_listener(broken)
    add_listener(recorder)
    remove_listener(recorder)
    assert [event.seq for event in recorder.committed_events] == [1]


@pytest.mark.django_db(transaction=True)
def test_concurrent_appends_to_overlapping_topics_leave_no_gap_and_no_deadlock():
    topics = [new_topic() for _ in range(5)]
    failures: list[BaseException] = []

    def write(order: list[Topic]) -> None:
        try:
            for _ in range(20):
                with transaction.atomic():
                    append([note(topic) for topic in order])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(topics if n % 2 else topics[::-1],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for topic in topics:
        assert [event.seq for event in read_events(topic, after=0, limit=1000)] == list(range(1, 121))


def test_a_revocation_names_only_the_user():
    user = UUID("01900000-0000-7000-8000-000000000001")
    assert AccessRevoked.__struct_fields__ == ("user",)
    assert AccessRevoked(user=user).user == user
