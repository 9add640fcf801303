"""Acts that happen at the same moment, in real threads with database connections of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from kernel.errors import DomainError


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run all acts at the same moment; return, in order, what each returned or the `DomainError` it raised."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
