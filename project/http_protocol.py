"""uvicorn's HTTP protocol with a bound on the head of a request, upgrades included. What follows the head is bounded elsewhere."""

from __future__ import annotations

import asyncio

from gateway.lean_protocol import UpgradingProtocol

HEAD_SECONDS = 10.0
"""From the opening of a connection, or the first byte of a later request, to the end of the head."""
HEAD_BYTES_MAX = 65_536

_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedHeadProtocol(UpgradingProtocol):
    """Ends connections whose request never gets to its end; uvicorn would wait, and keep what comes, for ever."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a head, for a while."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; refuse a head that has become too large."""
        super().data_received(data)
        if self._head_timer is None:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Wait for the rest of a head that has begun."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Stop waiting; a body takes as long as it takes, within the limit of its size."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_bytes = 0
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._refuse, _TIMEOUT)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, answer: bytes) -> None:
        """Say why, unless nothing was asked, and end the connection."""
        self._stop_waiting()
        if self._head_bytes:
            self.transport.write(answer)
        self.transport.close()
