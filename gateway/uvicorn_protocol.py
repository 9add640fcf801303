"""uvicorn's WebSocket protocol as a `DirectWriter`. Named by `project.serve`; under other servers frames go through ASGI's `send`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from websockets.http11 import Request

from gateway.bounded_protocol import BoundedProtocol
from gateway.deflate_extension import SharedDeflateFactory
from gateway.direct_writes import DIRECT_WRITES, FlowListener, Write

_EXTENSIONS = [SharedDeflateFactory()]


class DirectWriteProtocol(BoundedProtocol):
    """uvicorn's protocol, offered to the application as `scope["extensions"]["portcullis.direct_writes"]`.

    A server's frames are neither masked nor counted by the protocol's own state, so complete data frames may be written past it
    between any two of its own. Flow control is the transport's: a paused socket takes no direct writes.
    """

    __slots__ = ("listener",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.listener: FlowListener | None = None
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

    @property
    def write(self) -> Write:
        """See `DirectWriter`."""
        return self.transport.write

    def pause_writing(self) -> None:
        """Tell that the transport's buffer is full."""
        super().pause_writing()
        self._tell()

    def resume_writing(self) -> None:
        """Tell that there is room again."""
        super().resume_writing()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that there is nobody to write to."""
        super().connection_lost(exc)
        self._tell()

    def _tell(self) -> None:
        if self.listener is not None:
            self.listener.flow_changed()
