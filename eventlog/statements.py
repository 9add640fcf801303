"""The few statements that every message pays for: parameters bound by the server, prepared, several in one round trip.

Everything else is the ORM's, whose cursor puts parameters into the text: then nothing can be prepared, and long arrays are slow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def pipeline() -> Iterator[None]:
    """Send the block's statements without waiting for one another; reading from one waits for it and those before it.

    PostgreSQL carries them out in order, each seeing what was committed when it began. Inside of a transaction only.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a pipeline belongs into a transaction: without one each statement would commit by itself")
    with connection.wrap_database_errors, _driver().pipeline():
        yield


def send(statement: str, parameters: Sequence[Any]) -> CursorWrapper:
    """Send a statement and return the cursor that its rows can be read from. Waits for it unless in a `pipeline`."""
    raw = cast("CursorWrapper", psycopg.Cursor(_driver()))  # Django wraps any cursor; its stubs name the wrapper alone
    cursor = connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)
    cursor.execute(statement, parameters)
    return cursor


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


def _driver() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    return cast("psycopg.Connection[Any]", connection.connection)
