"""Partitions: made ahead, filled from the default one, dropped when old, whatever the order and however often."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
import time_machine
from django.db import connection

from eventlog import partitions as partitions_module
from eventlog.partitions import DAYS_AHEAD, maintain_partitions

pytestmark = pytest.mark.django_db
TODAY = datetime(2031, 5, 10, 12, tzinfo=UTC)


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'eventlog_event'::regclass")
        return {name for (name,) in cursor.fetchall()}


def names(start: date, days: int) -> set[str]:
    return {f"eventlog_event_{start + timedelta(days=day):%Y_%m_%d}" for day in range(days)}


def insert_event(seq: int, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventlog_event (topic, seq, type, data, created_at) VALUES ('room:x', %s, 't', '{}', %s)",
            [seq, at],
        )


def where_is(seq: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM eventlog_event WHERE seq = %s", [seq])
        return cursor.fetchone()[0]


def test_today_and_the_days_ahead_get_a_partition_and_a_second_run_changes_nothing():
    with time_machine.travel(TODAY, tick=False):
        maintain_partitions(keep_days=7)
        maintain_partitions(keep_days=7)
    assert partitions() == names(TODAY.date(), DAYS_AHEAD + 1) | {"eventlog_event_default"}


def test_events_that_arrived_without_a_partition_are_moved_into_it():
    insert_event(1, TODAY)
    insert_event(2, TODAY - timedelta(days=1))
    assert where_is(1) == "eventlog_event_default"
    with time_machine.travel(TODAY, tick=False):
        maintain_partitions(keep_days=7)
    assert (where_is(1), where_is(2)) == ("eventlog_event_2031_05_10", "eventlog_event_default")


def test_partitions_older_than_is_kept_are_dropped_with_their_events():
    with time_machine.travel(TODAY, tick=False):
        maintain_partitions(keep_days=7)
    insert_event(1, TODAY)
    insert_event(2, TODAY + timedelta(days=1))
    with time_machine.travel(TODAY + timedelta(days=8), tick=False):
        maintain_partitions(keep_days=7)
    assert names(TODAY.date(), 1) & partitions() == set()
    assert where_is(2) == "eventlog_event_2031_05_11"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM eventlog_event")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_written_while_todays_partition_is_made_waits_and_lies_in_it(monkeypatch):
    move, writers = partitions_module._move, []

    def write() -> None:
        try:
            insert_event(1, TODAY)
        finally:
            connection.close()

    def moving(name: str) -> str:
        if not writers:
            writers.append(Thread(target=write))
            writers[0].start()
            while not somebody_waits():
                writers[0].join(0.01)
        return move(name)

    monkeypatch.setattr(partitions_module, "_move", moving)
    try:
        with time_machine.travel(TODAY):  # the clock of a new connection has to go on
            maintain_partitions(keep_days=7)
        writers[0].join()
        assert where_is(1) == "eventlog_event_2031_05_10"
    finally:
        with connection.cursor() as cursor:
            for name in names(TODAY.date(), DAYS_AHEAD + 1):
                cursor.execute(f"DROP TABLE IF EXISTS {name}")


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE datname = current_database() AND NOT granted"
        )
        return bool(cursor.fetchone()[0])
