"""uvicorn's WebSocket protocol as a `DirectWriter`. Named by `project.serve`; under other servers frames go through ASGI's `send`."""

from __future__ import annotations

from typing import Any

from websockets.http11 import Request

from gateway.direct_writes import DIRECT_WRITES
from gateway.lean_protocol import LeanWebSocketProtocol


class DirectWriteProtocol(LeanWebSocketProtocol):
    """uvicorn's protocol, offered to the application as `scope["extensions"]["portcullis.direct_writes"]`.

    A server's frames are neither masked nor counted by the protocol's own state, so complete data frames may be written past it
    between any two of its own. Flow control is the transport's: a paused socket takes no direct writes.
    """

    paused = False

    def handle_connect(self, event: Request) -> None:
        """Offer the way past the protocol to the application that is about to start."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[DIRECT_WRITES] = self

    def write_message(self, message: bytes) -> None:
        """Hand a complete WebSocket frame to the transport."""
        self.transport.write(message)

    def pause_writing(self) -> None:
        """Take no direct writes while the transport's buffer is full."""
        self.paused = True
        super().pause_writing()

    def resume_writing(self) -> None:
        """Take direct writes again."""
        self.paused = False
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take no direct writes any more."""
        self.paused = True
        super().connection_lost(exc)
