"""uvicorn's protocols, minus what a socket that lives for hours does not need. What they do is unchanged; other servers go without."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import Protocol

from gateway.signal import Gate


class UpgradingProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which goes when its connection has become a WebSocket.

    The parser and the protocol hold each other, and with them the request: unless one lets go, they stay until the collector comes by.
    """

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over and let go of the parser."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # as uvicorn itself does when a connection is lost


class LeanWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol without the queue's and the event's spare room, and without the handshake once it is over.

    The slots are those of its attributes: as many are too many for a dictionary whose keys are shared. One that is not named here
    is kept in a dictionary as before.
    """

    __slots__ = (
        "app",
        "app_state",
        "asgi_version",
        "client",
        "close_sent",
        "close_timeout",
        "close_timer",
        "config",
        "conn",
        "connections",
        "curr_msg_data_type",
        "default_headers",
        "disconnected",
        "frames",
        "handshake_complete",
        "handshake_initiated",
        "initial_response",
        "last_ping_rtt",
        "logger",
        "loop",
        "pending_ping_payload",
        "ping_interval",
        "ping_sent_at",
        "ping_timeout",
        "ping_timer",
        "pong_timer",
        "queue",
        "read_paused",
        "request",
        "response",
        "root_path",
        "scheme",
        "scope",
        "server",
        "tasks",
        "transport",
        "writable",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.queue = Inbox()  # type: ignore[assignment]  # does what the protocol asks of a queue
        self.writable = Gate(is_open=True)  # type: ignore[assignment]  # does what the protocol asks of an event

    def handle_connect(self, event: Request) -> None:
        """Start over with the parser, which is between two frames now and would keep the request for good."""
        super().handle_connect(event)
        if self.response.status_code == 101 and not self.conn.reader.buffer:
            self.conn.parser = Protocol.parse(self.conn)
            next(self.conn.parser)

    async def send(self, message: Any) -> None:
        """Send as uvicorn does, and forget the handshake when it has been answered."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            self.scope.clear()  # type: ignore[attr-defined]  # the application has read it, and holds it for as long as it runs
            del self.request, self.response

    def connection_lost(self, exc: Exception | None) -> None:
        """End the parser too: it waits for more, and what it parses for holds it and is held by it until the collector comes by."""
        super().connection_lost(exc)
        self.conn.parser.close()


class Inbox:
    """A queue for one reader that holds next to nothing while it is empty."""

    __slots__ = ("_messages", "_reader")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._reader: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        """Return whether nothing waits."""
        return not self._messages

    def put_nowait(self, message: Any) -> None:
        """Add a message and wake the reader."""
        self._messages.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        """Return the oldest message, when there is one."""
        while not self._messages:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._messages.pop(0)
