"""uvicorn's WebSocket protocol with bounds on what a client can make it hold, do and wait for. What messages say is not looked at."""

from __future__ import annotations

from asyncio import TimerHandle
from typing import TYPE_CHECKING

from websockets.frames import Frame

from gateway.close_codes import CloseCode
from gateway.lean_protocol import LeanWebSocketProtocol
from kernel.metrics import limit_hit

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent

SLICE_BYTES = 4_096
"""How much is parsed before others get their turn: up to 682 frames."""
EXTRA_FRAMES_MAX = 1_200
"""Pings, pongs and continuations of one socket in a minute; messages have a limit of their own. A browser sends a few."""
EXTRA_FRAMES_SECONDS = 60.0
LATE_BYTES_MAX = 65_536
"""How much of what a client still sends is looked at, for its answer to the close, after the server has closed."""
LINGER_SECONDS = 5.0
"""How long a client that has not taken everything when its socket is over may still do so: then it learns the close code."""


class BoundedProtocol(LeanWebSocketProtocol):
    """Parses no more than the application takes, counts what is no message, and ends every socket in time.

    uvicorn parses all that it has received before the application sees the first message, answers pings however full the buffer
    is, lets a close wait for a client that takes nothing, and keeps a closed transport until everything is taken.
    What is not so yet is told by the class: an ordinary socket needs no memory for it.
    """

    paused = False
    _unread: memoryview | None = None
    _late_bytes = 0
    _pong: bytes = b""
    _extra_frames = 0
    _extra_frames_since = 0.0
    _linger: TimerHandle | None = None

    # What comes in ---------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Parse as much as the application takes now; after a close, a little more."""
        if self.close_sent:
            self._late_bytes += len(data)
            if self._late_bytes > LATE_BYTES_MAX:
                limit_hit("socket.late_bytes")
                self.transport.pause_reading()
                return
        if self._unread is None and len(data) <= SLICE_BYTES:
            super().data_received(data)
            return
        self._unread = memoryview(data if self._unread is None else bytes(self._unread) + data)
        self._parse_unread()

    def _parse_unread(self) -> None:
        while self._unread is not None and not self.read_paused and not self.disconnected:
            part, rest = self._unread[:SLICE_BYTES], self._unread[SLICE_BYTES:]
            self._unread = rest or None
            super().data_received(bytes(part))

    async def receive(self) -> ASGIReceiveEvent:
        """Return what the client sent next, and go on parsing when that was all."""
        message = await super().receive()
        self._parse_unread()
        return message

    def handle_ping(self) -> None:
        """Answer a ping. Who does not read gets one answer in the end, to the last (RFC 6455, 5.5.3), instead of all in memory."""
        pongs = self.conn.data_to_send()
        if self.paused:
            self._pong = pongs[-1] if pongs else self._pong
        else:
            self.transport.write(b"".join(pongs))
        self._count_extra_frame()

    def handle_pong(self, event: Frame) -> None:
        """Count what was not asked for."""
        super().handle_pong(event)
        self._count_extra_frame()

    def handle_cont(self, event: Frame) -> None:
        """Take a part of a message; how many parts it has is bounded like everything that is no message."""
        super().handle_cont(event)
        self._count_extra_frame()

    def _count_extra_frame(self) -> None:
        """Close a socket that keeps us busy with frames that say nothing."""
        now = self.loop.time()
        if now - self._extra_frames_since > EXTRA_FRAMES_SECONDS:
            self._extra_frames_since, self._extra_frames = now, 0
        self._extra_frames += 1
        if self._extra_frames > EXTRA_FRAMES_MAX and not self.close_sent:
            limit_hit("socket.extra_frames")
            self._close(CloseCode.RATE_LIMITED)

    # The end ---------------------------------------------------------------------------------------------------------

    def _close(self, code: CloseCode) -> None:
        """Close by ourselves, unread what is not read yet: a connection that is dropped at once would lose the code on its way."""
        self.conn.send_close(code, code.name.lower())
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._stop_parsing()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": int(code), "reason": code.name.lower()})
        self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    async def send(self, message: ASGISendEvent) -> None:
        """Send as ASGI says; the end of a socket does not wait until its buffer has room."""
        if message["type"] == "websocket.close":
            self.writable.set()
            self._stop_parsing()
        await super().send(message)

    def _stop_parsing(self) -> None:
        """Forget what is not parsed yet; nothing that comes after it could be."""
        if self._unread is not None:
            self._unread = None
            self._late_bytes = LATE_BYTES_MAX

    async def run_asgi(self) -> None:
        """Run the application, then leave the client a little time for what it has not taken."""
        await super().run_asgi()
        if not self.disconnected:
            self._linger = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def pause_writing(self) -> None:
        """Remember that the transport's buffer is full."""
        self.paused = True
        super().pause_writing()

    def resume_writing(self) -> None:
        """Remember that there is room again, and give the answer that is owed."""
        self.paused = False
        if self._pong:
            self.transport.write(self._pong)
            self._pong = b""
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Write no more."""
        self.paused = True
        self._unread = None
        if self._linger is not None:
            self._linger.cancel()
        super().connection_lost(exc)
