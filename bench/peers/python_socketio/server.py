"""Broadcast with rooms, over WebSocket alone, as in the documentation of python-socketio."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import socketio

server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"], ping_interval=86_400)
application = socketio.ASGIApp(server)


@server.event  # type: ignore[untyped-decorator]
async def connect(sid: str, environ: dict[str, Any]) -> None:
    """Let everybody into the room that they name."""
    await server.enter_room(sid, parse_qs(environ["QUERY_STRING"])["room"][0])


@server.event  # type: ignore[untyped-decorator]
async def message(sid: str, text: str) -> None:
    """Tell the room."""
    for room in server.rooms(sid):
        if room != sid:
            await server.emit("message", text, room=room)
