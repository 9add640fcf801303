"""The few statements that every message pays for: prepared, parameters bound by the server, several in one round trip.

They go to libpq past the driver's cursors, which cost more than PostgreSQL does. Everything else is the ORM's, whose cursor puts parameters
into the text: then nothing can be prepared, and long arrays are slow.

A session plans such a statement once, maybe when the tables are new: a join with `unnest` is then planned as a walk through the
whole table, for good. So what is looked up is looked up row by row, `LATERAL (SELECT ... LIMIT 1)`, which leaves nothing but an index.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, cast
from uuid import UUID

import psycopg
from django.db import connection

from eventlog.round_trips import Answer, RoundTrip


class _Current(threading.local):
    trip: RoundTrip | None = None


_current = _Current()


@contextmanager
def pipeline() -> Iterator[None]:
    """Send the block's statements together: when one of them is read, or at the end of the outermost block.

    PostgreSQL carries them out in order, each seeing what was committed when it began. Inside of a transaction only.
    Only what is sent here keeps its order: the ORM does not wait for it. Raises Django's database errors; what an error leaves
    unsent is never sent.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a pipeline belongs into a transaction: without one each statement would commit by itself")
    if _current.trip is not None:
        yield
        return
    trip = _current.trip = RoundTrip(_driver())
    try:
        with connection.wrap_database_errors:
            yield
            trip.make()
    finally:
        _current.trip = None


def send(statement: str, parameters: Sequence[str | int]) -> Answer:
    """Send a statement, `%s` for each parameter, and return where its rows can be read. Waits for it unless in a `pipeline`."""
    connection.validate_no_broken_transaction()
    if connection.queries_logged:
        connection.queries_log.append({"sql": statement, "time": "0.000"})
    bound = [str(parameter).encode() for parameter in parameters]
    if _current.trip is not None:
        return _current.trip.add(_numbered(statement), bound)
    with connection.wrap_database_errors:
        trip = RoundTrip(_driver())
        answer = trip.add(_numbered(statement), bound)
        trip.make()
    return answer


def after_answer(check: Callable[[], None]) -> None:
    """Call a function when all that was sent in this `pipeline` is answered; at once outside of one."""
    if _current.trip is not None:
        _current.trip.checks.append(check)
    else:
        check()


def texts(values: Iterable[str | None]) -> str:
    """Return a `text[]` parameter. PostgreSQL's own notation: the driver's is made item by item in Python."""
    items = ["NULL" if value is None else f'"{value}"' for value in map(_escaped, values)]
    return "{" + ",".join(items) + "}"


def uuids(values: Iterable[UUID | None]) -> str:
    """Return a `uuid[]` parameter."""
    return "{" + ",".join(["NULL" if value is None else value.hex for value in values]) + "}"


def numbers(values: Iterable[int]) -> str:
    """Return a `bigint[]` parameter."""
    return "{" + ",".join(map(str, values)) + "}"


def _escaped(value: str | None) -> str | None:
    return None if value is None else value.replace("\\", "\\\\").replace('"', '\\"')


@cache
def _numbered(statement: str) -> str:
    """Return the statement with its parameters as PostgreSQL writes them."""
    text, *others = statement.split("%s")
    return "".join([text, *(f"${number}{part}" for number, part in enumerate(others, 1))])


def _driver() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    return cast("psycopg.Connection[Any]", connection.connection)
