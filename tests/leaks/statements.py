"""What an answer has asked of the database, as shapes: without a clock, this is what the time that it takes depends on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

FACTS = "what is known beyond accounts and memberships"
_AMOUNTS = re.compile(r"\(%s(?:, %s)*\)")
_SAVEPOINTS = re.compile(r'SAVEPOINT "[^"]*"|savepoint "[^"]*"')


@contextmanager
def captured_shapes() -> Iterator[list[str]]:
    """Yield a list that gets every statement of the block, as it is without its parameters. What goes past the ORM says so by itself."""
    shapes: list[str] = []
    plain, connection.make_debug_cursor = connection.make_debug_cursor, connection.make_cursor
    connection.force_debug_cursor = True
    connection.queries_log.clear()
    try:
        with connection.execute_wrapper(_note):
            yield shapes
        shapes += [_shape(entry["sql"]) for entry in connection.queries_log]
    finally:
        connection.force_debug_cursor = False
        connection.make_debug_cursor = plain


def without_facts(shapes: tuple[str, ...]) -> tuple[str, ...]:
    """Return what was asked but for what gates read, where that is remembered from one question to the next."""
    return tuple(shape for shape in shapes if shape != FACTS)


def _shape(statement: str) -> str:
    """Leave out what differs between equal statements, and which facts gates read: these are parts of one statement."""
    if statement.startswith("WITH asked AS"):
        return FACTS
    return _AMOUNTS.sub("(...)", _SAVEPOINTS.sub("SAVEPOINT", statement))


def _note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    connection.queries_log.append({"sql": sql, "time": "0.000"})
    return execute(sql, params, many, context)
