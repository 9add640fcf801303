"""Proof that a refused act did nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Model

from eventlog.models import StoredEvent, StoredTopic


@contextmanager
def unchanged(*tables: type[Model]) -> Iterator[None]:
    """Check that the block changes no row of these tables and appends no event to any topic."""
    before = _rows(*tables)
    yield
    assert _rows(*tables) == before


def _rows(*tables: type[Model]) -> list[list[dict[str, object]]]:
    events = list(StoredEvent.objects.order_by("topic", "seq").values())
    return [events, *(list(table.objects.order_by("pk").values()) for table in (StoredTopic, *tables))]
