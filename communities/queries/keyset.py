"""Pages by key: a list is cut after the last row that was given out, so rows that come and go meanwhile shift nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from django.db.models import Model, Q, QuerySet

from kernel.errors import InvalidInput
from kernel.pagination import MAX_PAGE_SIZE, PageRequest, decode_cursor, encode_cursor

M = TypeVar("M", bound=Model)


class SortKey(NamedTuple):
    """A field or annotation that a list can be sorted by, never null, and how its value is read back from a cursor."""

    field: str
    parse: Callable[[str], Any] = str


class _Position(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page ended: the sort it belongs to, and the last row's value and id."""

    sort: str
    value: str
    id: UUID


def parse_time(text: str) -> datetime:
    """Return the time in a cursor. Raises `ValueError` when it is none, or not in UTC as all times of the database are."""
    time = datetime.fromisoformat(text)
    if time.utcoffset() != timedelta(0):
        raise ValueError("a time that is not in UTC")
    return time


def cut_page(
    rows: QuerySet[M],
    *,
    sort: str,
    sorts: Mapping[str, SortKey],
    page: PageRequest,
    keep: Callable[[Sequence[M]], Sequence[M]] | None = None,
) -> tuple[list[M], str | None]:
    """Return the rows of a page and the cursor of the next one (None on the last), in one query.

    `sort` is a name of `sorts`, with "-" before it for the other direction; ties are broken by id. What `keep` leaves out is neither on a
    page nor in a cursor; further rows are read in its place, a hundred by one more query.
    Raises `InvalidInput` for another sort, and for a cursor that this sort did not give out.
    """
    name = sort.removeprefix("-")
    if name not in sorts:
        raise InvalidInput(f"Sort by one of {', '.join(sorts)}.", field="sort")
    key, descending = sorts[name], sort.startswith("-")
    sign = "-" if descending else ""
    ordered = rows.order_by(f"{sign}{key.field}", f"{sign}pk")
    rest = (
        ordered if page.cursor is None else ordered.filter(_beyond(key, descending, _position(page.cursor, sort, key)))
    )
    found: list[M] = []
    amount = page.limit + 1
    while True:
        read = list(rest[:amount])
        found += read if keep is None else keep(read)
        if len(found) > page.limit or len(read) < amount:
            break
        rest = ordered.filter(_beyond(key, descending, (getattr(read[-1], key.field), read[-1].pk)))
        amount = MAX_PAGE_SIZE + 1
    if len(found) <= page.limit:
        return found, None
    last = found[page.limit - 1]
    return found[: page.limit], encode_cursor(_Position(sort, _text(getattr(last, key.field)), last.pk))


def _position(cursor: str, sort: str, key: SortKey) -> tuple[Any, UUID]:
    position = decode_cursor(cursor, _Position)
    try:
        value = key.parse(position.value)
    except ValueError as error:
        raise InvalidInput("The cursor is not one that this list gave out.", field="cursor") from error
    if position.sort != sort or "\0" in position.value:
        raise InvalidInput("The cursor is not one that this list gave out.", field="cursor")
    return value, position.id


def _beyond(key: SortKey, descending: bool, position: tuple[Any, UUID]) -> Q:
    """The first condition bounds the index scan; the second leaves out what came before among equals."""
    value, last_id = position
    way = "lt" if descending else "gt"
    further = Q(**{f"{key.field}__{way}": value}) | Q(**{f"pk__{way}": last_id})
    return Q(**{f"{key.field}__{way}e": value}) & further


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
