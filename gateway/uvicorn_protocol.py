"""uvicorn's WebSocket protocol as a `DirectWriter`. Named by `project.serve`; under other servers frames go through ASGI's `send`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from websockets.http11 import Request

from gateway.bounded_protocol import BoundedProtocol
from gateway.deflate_extension import SharedDeflateFactory
from gateway.direct_writes import DIRECT_WRITES

_EXTENSIONS = [SharedDeflateFactory()]


class DirectWriteProtocol(BoundedProtocol):
    """uvicorn's protocol, offered to the application as `scope["extensions"]["portcullis.direct_writes"]`.

    A server's frames are neither masked nor counted by the protocol's own state, so complete data frames may be written past it
    between any two of its own. Flow control is the transport's: a paused socket takes no direct writes.
    """

    __slots__ = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if settings.SOCKET_COMPRESSION:
            self.conn.available_extensions = _EXTENSIONS

    def handle_connect(self, event: Request) -> None:
        """Offer the way past the protocol to the application that is about to start."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[DIRECT_WRITES] = self

    @property
    def deflates(self) -> bool:
        """Whether compression was negotiated."""
        return bool(self.conn.extensions)

    def write_message(self, message: bytes) -> None:
        """Hand a complete WebSocket frame to the transport."""
        self.transport.write(message)
