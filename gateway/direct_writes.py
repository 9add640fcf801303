"""The interface of the optional fast path: a server that lets complete WebSocket frames be written past its own protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

DIRECT_WRITES = "portcullis.direct_writes"
"""The scope extension under which a server offers a `DirectWriter`; absent on most servers."""


Write = Callable[[bytes], None]
"""Hands a complete WebSocket frame to the transport."""


class FlowListener(Protocol):
    """Who writes to a socket, and wants to know when it may not."""

    def flow_changed(self) -> None:
        """Look again at `DirectWriter.paused`. Called within a write too, when that has filled the buffer."""


class DirectWriter(Protocol):
    """Writes ready-made frames to one socket, between any two of the server's own.

    `write` is the transport's own method, for whoever writes to many sockets: between it and them there is no call of ours.
    """

    listener: FlowListener | None
    """Who is told when `paused` changes. Holds the other half of a cycle: set to None when the socket is gone."""

    @property
    def paused(self) -> bool:
        """Whether the socket's buffer is full or the socket is gone: then frames go the usual way."""

    @property
    def deflates(self) -> bool:
        """Whether the client takes messages compressed without context (`permessage-deflate`)."""

    @property
    def write(self) -> Write:
        """What writes, for as long as it is not paused."""
