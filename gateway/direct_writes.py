"""The interface of the optional fast path: a server that lets complete WebSocket frames be written past its own protocol."""

from __future__ import annotations

from typing import Protocol

DIRECT_WRITES = "portcullis.direct_writes"
"""The scope extension under which a server offers a `DirectWriter`; absent on most servers."""


class DirectWriter(Protocol):
    """Writes ready-made frames to one socket, between any two of the server's own."""

    @property
    def paused(self) -> bool:
        """Whether the socket's buffer is full or the socket is gone: then frames go the usual way."""

    @property
    def deflates(self) -> bool:
        """Whether the client takes messages compressed without context (`permessage-deflate`)."""

    def write_message(self, message: bytes) -> None:
        """Hand a complete WebSocket frame to the transport."""
