"""The backend's connection: as Django's, but a dead connection of the pool is noticed without asking the database."""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
import structlog
from django.db.backends.postgresql import base

logger = structlog.get_logger(__name__)

DRAIN_PAUSE_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes living connections from the pool, and empties the pool when one has died in use.

    Django's own check (`CONN_HEALTH_CHECKS`) is a round trip for every call, and waits a second after each dead connection that
    it finds: with more of them than seconds, the call fails. Looking whether something came in on an idle connection costs
    a microsecond, and what the server says to an idle connection is its end.
    """

    _drained_at = -DRAIN_PAUSE_SECONDS

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection; those of the pool that have died are replaced on the way. Raises `OperationalError` as the pool does."""
        connection = super().get_new_connection(conn_params)
        while self.pool and not is_alive(connection):
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection

    def _close(self) -> None:
        """Give the connection back. One that died in use has not died alone: a machine that is gone closes no connection."""
        lost = self.pool is not None and self.connection is not None and self.connection.broken
        super()._close()  # type: ignore[misc]  # not in the stubs
        if lost and time.monotonic() - DatabaseWrapper._drained_at > DRAIN_PAUSE_SECONDS:
            DatabaseWrapper._drained_at = time.monotonic()
            logger.warning("database.pool_emptied")
            self.pool.drain()


def is_alive(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether the server has not ended an idle connection. Asks the database only when something waits to be read."""
    if connection.closed:
        return False
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return True
    try:
        connection.execute("")
    except psycopg.Error:
        return False
    return True
