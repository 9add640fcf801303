"""Daily partitions of the event table: made ahead, dropped when their events are older than the log keeps. Run by the worker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from kernel.clock import now

DAYS_AHEAD = 7
DEFAULT_PARTITION = "eventlog_event_default"
_NAME = re.compile(r"^eventlog_event_(\d{4})_(\d{2})_(\d{2})$")
_MAINTENANCE_LOCK = 0x6576_6C67  # "evlg": one maintainer at a time, whatever process it runs in

_LIST = """
SELECT child.relname FROM pg_inherits
JOIN pg_class child ON child.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
WHERE parent.relname = 'eventlog_event'
"""


def maintain_partitions(*, keep_days: int) -> None:
    """Make today's and the next days' partitions and drop those whose every event is older than `keep_days`.

    Safe to run at any time and from several processes; events that arrived while a partition was missing wait in the
    default partition and are moved.
    """
    today = now().date()
    existing = set(_partition_days())
    for day in _days(today, DAYS_AHEAD):
        if day not in existing:
            _create(day)
    for day in existing:
        if day < today - timedelta(days=keep_days):
            _drop(day)


def _days(start: date, ahead: int) -> Iterator[date]:
    return (start + timedelta(days=offset) for offset in range(ahead + 1))


def _partition_days() -> Iterator[date]:
    with connection.cursor() as cursor:
        cursor.execute(_LIST)
        matches = [_NAME.match(name) for (name,) in cursor.fetchall()]
    return (date(int(match[1]), int(match[2]), int(match[3])) for match in matches if match)


def _partition_name(day: date) -> str:
    return f"eventlog_event_{day:%Y_%m_%d}"


def _create(day: date) -> None:
    """Make one day's partition beside the table, move in what waits in the default partition, and attach it.

    Locks out appends that would land in the default partition, so that none slips in between move and attach. For today they wait at the
    table itself: one that is on its way into the default partition already would be refused by it afterwards.
    """
    name = _partition_name(day)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    bounds = [start, start + timedelta(days=1)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MAINTENANCE_LOCK])
        if day in _partition_days():
            return
        if start <= now():
            cursor.execute("LOCK TABLE ONLY eventlog_event IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"LOCK TABLE {DEFAULT_PARTITION} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"CREATE TABLE {name} (LIKE eventlog_event INCLUDING ALL)")
        cursor.execute(_move(name), bounds)
        cursor.execute(
            f"ALTER TABLE eventlog_event ATTACH PARTITION {name} FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')"
        )


def _move(name: str) -> str:
    """Return the statement that moves a time span from the default partition; the names come from dates alone."""
    return (
        f"WITH waiting AS (DELETE FROM {DEFAULT_PARTITION} WHERE created_at >= %s AND created_at < %s RETURNING *) "  # noqa: S608
        f"INSERT INTO {name} SELECT * FROM waiting"
    )


def _drop(day: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        cursor.execute(f"DROP TABLE IF EXISTS {_partition_name(day)}")
