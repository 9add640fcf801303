"""Sending every client away before the process ends: each finishes what it asked for, hears when to come back, and is closed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Coroutine
from typing import TYPE_CHECKING, Any

from gateway.close_codes import CloseCode
from gateway.frames import Frame, ReconnectBody, ReconnectFrame
from kernel.metrics import limit_hit

if TYPE_CHECKING:
    from gateway.connection import Connection

SOCKETS_PER_SECOND = 200
"""Few sockets leave at once; many are spread over the drain window, so that the other nodes take them in one by one."""
RETURN_WITHIN_MILLISECONDS = 1_000
COMMAND_SECONDS = 5.0
GOODBYE_SECONDS = 5.0


async def drain(connections: Collection[Connection], *, window_seconds: float) -> None:
    """Send `reconnect` and close with 4001, spread over at most the window; return when all are gone or given up."""
    window = min(window_seconds, len(connections) / SOCKETS_PER_SECOND)
    leaving = [asyncio.create_task(_send_away(connection, random.uniform(0, window))) for connection in connections]  # noqa: S311
    if leaving:
        await asyncio.wait(leaving)


async def _send_away(connection: Connection, after_seconds: float) -> None:
    await asyncio.sleep(after_seconds)
    await _wait(connection.under_way.settled(), COMMAND_SECONDS)
    after_ms = random.randrange(RETURN_WITHIN_MILLISECONDS)  # noqa: S311  # spreads load, keeps no secret
    connection.offer(Frame(ReconnectFrame(d=ReconnectBody(after_ms=after_ms))))
    connection.close(CloseCode.SHUTTING_DOWN)
    await _wait(connection.gone(), GOODBYE_SECONDS)


async def _wait(event: Coroutine[Any, Any, None], seconds: float) -> None:
    try:
        await asyncio.wait_for(event, seconds)
    except TimeoutError:
        limit_hit("drain.seconds")
