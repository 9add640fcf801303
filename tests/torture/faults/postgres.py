"""PostgreSQL loses its connections or its life."""

from __future__ import annotations

import asyncio
import signal

from tests.torture.cluster import Cluster
from tests.torture.faults.menu import Stage, eventually, fault


@fault("backends terminated", part="PostgreSQL")
async def terminate_backends(stage: Stage) -> str:
    """Every connection of the application is cut, in the middle of whatever it does."""
    ended = 0
    for _ in range(3):
        ended += await asyncio.to_thread(_terminate_backends, stage.cluster)
        await asyncio.sleep(stage.seconds(0.2, 0.8))
    return f"{ended} backends"


@fault("PostgreSQL killed", part="PostgreSQL")
async def kill_postgres(stage: Stage) -> str:
    """SIGKILL for the server; it recovers from its write-ahead log."""
    return await _crash_postgres(stage, signal.SIGKILL)


@fault("PostgreSQL stopped at once", part="PostgreSQL")
async def stop_postgres_at_once(stage: Stage) -> str:
    """An immediate shutdown, some seconds away, and a recovery."""
    return await _crash_postgres(stage, signal.SIGQUIT)


async def _crash_postgres(stage: Stage, number: signal.Signals) -> str:
    child, seconds = stage.cluster.postgres.child, stage.seconds(1, 6)
    stage.cluster.held.add(child)
    try:
        stage.cluster.kill(child, number)
        await asyncio.sleep(seconds)
    finally:
        stage.cluster.held.discard(child)
    await eventually(lambda: stage.cluster.database().close())
    return f"{seconds:.1f} s"


def _terminate_backends(cluster: Cluster) -> int:
    with cluster.database() as connection:
        rows = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(rows.fetchall())
