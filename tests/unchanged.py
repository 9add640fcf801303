"""Proof that a refused act did nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model

from eventlog.models import StoredEvent, StoredTopic


@contextmanager
def unchanged(*tables: type[Model]) -> Iterator[None]:
    """Check that the block changes no row of these tables and appends no event to any topic."""
    before = _rows(*tables)
    yield
    assert _rows(*tables) == before


def _rows(*tables: type[Model]) -> list[tuple[str, str]]:
    """Return every row as text, with the name of its table, by one statement: hundreds of tests ask twice."""
    names = [table._meta.db_table for table in (StoredEvent, StoredTopic, *tables)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}', row::text FROM \"{name}\" AS row" for name in names))
        return sorted(cursor.fetchall())
