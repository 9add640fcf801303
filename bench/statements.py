"""Counts the SQL statements that a server group makes, from PostgreSQL's own log. Logging costs time: nothing is timed meanwhile."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from bench.servers import Services

LOGGED = re.compile(rb"LOG:  (?:statement|execute [^:]*): \s*(.{0,70})")
SETTLE_SECONDS = 1.0  # every backend reads the changed setting before its next statement; the log is written at once
KINDS_SHOWN = 8


@dataclass
class Statements:
    """How many statements were executed, those that begin and end transactions included, and the most frequent ones."""

    count: int = 0
    kinds: dict[str, int] = field(default_factory=dict)


@contextmanager
def counted_statements(services: Services) -> Iterator[Statements]:
    """Count from here to the end of the block; the result is filled in at the end."""
    found = Statements()
    log = services.postgres.child.program.log
    _set_logging(services, "all")
    try:
        time.sleep(SETTLE_SECONDS)
        start = log.stat().st_size
        yield found
        time.sleep(SETTLE_SECONDS)
        with log.open("rb") as file:
            file.seek(start)
            kinds = Counter(kind.decode(errors="replace") for kind in LOGGED.findall(file.read()))
        found.count, found.kinds = kinds.total(), dict(kinds.most_common(KINDS_SHOWN))
    finally:
        _set_logging(services, "none")


def _set_logging(services: Services, which: str) -> None:
    with psycopg.connect(services.postgres.url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET log_statement = '{which}'")  # takes no parameters
        connection.execute("SELECT pg_reload_conf()")
