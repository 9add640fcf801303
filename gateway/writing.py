"""How frames leave for one socket: at once where the server lets us, else from the outbox. What is said is decided elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from django.conf import settings

from gateway.bursts import Burst, Encoding, encoding_of
from gateway.close_codes import CloseCode
from gateway.direct_writes import DirectWriter, Write
from gateway.frames import Frame, WireFormat, join
from gateway.outbox import Outbox
from gateway.signal import Signal
from kernel.metrics import limit_hit

Send = Callable[[dict[str, Any]], Awaitable[None]]

STALLED_CLOSE_SECONDS = 2.0


class SocketWriter:
    """Writes to one socket without ever making the caller wait. Lives on one event loop.

    A frame that finds nothing before it goes straight to a server that has direct writes. Otherwise it waits in the outbox, and a
    task writes for as long as something waits: an idle socket has neither. `close_code` says why the server closes; None while it
    does not. `over` is set when there is nobody left to write to; then the task that reads the socket is cancelled.

    `straight` is what writes a ready-made message in `encoding` at once: there while nothing waits, nothing closes and the server has
    room, else None. Whoever writes to many sockets looks at nothing else.
    """

    __slots__ = (
        "_answers",
        "_direct",
        "_give_up",
        "_outbox",
        "_room",
        "_send",
        "_task",
        "close_code",
        "encoding",
        "over",
        "reader",
        "straight",
        "wire_format",
    )

    def __init__(self, send: Send, wire_format: WireFormat, direct: DirectWriter | None = None) -> None:
        self._send = send
        self._direct = direct
        self.encoding: Encoding = encoding_of(wire_format, deflates=direct is not None and direct.deflates)
        self.wire_format: WireFormat = wire_format
        self._outbox: Outbox | None = None
        self._answers: list[Frame] | None = None
        self._room = Signal()
        self._task: asyncio.Task[None] | None = None
        self._give_up: asyncio.TimerHandle | None = None
        self.reader: asyncio.Task[Any] | None = None
        self.close_code: CloseCode | None = None
        self.over = False
        self.straight: Write | None = None
        if direct is not None:
            direct.listener = self
            self.flow_changed()

    def offer(self, frame: Frame) -> None:
        """Write or queue a frame; a socket that cannot keep up is closed and resumes."""
        self._write_answers()
        self._write((frame,))

    def answer_soon(self, frame: Frame) -> None:
        """Write or queue a frame behind what is delivered in this round of the event loop, in one write with it.

        A batch brings a sender the events of its messages and their acks at the same time: system calls are what both cost.
        """
        if self._answers is None:
            self._answers, self.straight = [], None  # a delivery comes by `deliver`
            asyncio.get_running_loop().call_soon(self._write_answers)
        self._answers.append(frame)

    def deliver(self, burst: Burst) -> None:
        """Write or queue the frames of a burst, which is encoded once for all sockets."""
        answers = self._take_answers()
        if self.straight is None:
            self._write([*burst.frames, *answers])
        elif answers:
            self.straight(burst.message(self.encoding) + Burst(answers).message(self.wire_format))
        else:
            self.straight(burst.message(self.encoding))

    def flow_changed(self) -> None:
        """Consider anew whether frames may go straight to the server."""
        free = self._task is None and self._answers is None and self.close_code is None and not self.over
        self.straight = self._direct.write if free and self._direct is not None and not self._direct.paused else None

    def purge(self, topic: str) -> None:
        """Forget what waits of a topic."""
        if self._outbox is not None:
            self._outbox.purge(topic)

    @property
    def backlog_bytes(self) -> int:
        """How much waits for the client, in bytes."""
        return self._outbox.size if self._outbox else 0

    async def ready(self) -> None:
        """Return when less than half of the budget waits, or the socket is about to close."""
        while self.close_code is None and self._outbox and self._outbox.size > settings.SOCKET_BACKLOG_BYTES // 2:
            await self._room.wait()

    def close(self, code: CloseCode) -> None:
        """Close after what waits, at most two seconds later without it when the client does not take it; the first reason counts."""
        self._write_answers()
        if self.close_code is not None:
            return
        self.close_code = code
        self.straight = None
        self._room.give()
        self._write_soon()
        self._give_up = asyncio.get_running_loop().call_later(STALLED_CLOSE_SECONDS, self._close_now)

    async def serve(self, reading: Awaitable[None]) -> None:
        """Run what reads the socket until it ends or there is nobody to write to; what says why it closes is still written."""
        self.reader = asyncio.current_task()
        try:
            await reading
            if self.close_code is not None and not self.over:
                await asyncio.get_running_loop().create_future()  # cancelled when the close is written, or given up
        except asyncio.CancelledError:
            if not self.over:
                raise
            _uncancel(self.reader)

    def stop(self) -> None:
        """Write no more; called once, when the socket is gone."""
        self.over = True
        self.reader = self.straight = None
        if self._direct is not None:
            self._direct.listener = None
        if self._task is not None:
            self._task.cancel()
        if self._give_up is not None:
            self._give_up.cancel()

    def _write_answers(self) -> None:
        """Write the answers that no delivery has taken along."""
        answers = self._take_answers()
        if answers:
            self._write(answers)

    def _take_answers(self) -> Sequence[Frame]:
        """Return the answers that wait; from now on frames may go straight to the server again."""
        if self._answers is None:
            return ()
        answers, self._answers = self._answers, None
        self.flow_changed()
        return answers

    def _write(self, frames: Sequence[Frame]) -> None:
        if self.close_code is not None or self.over:
            return
        if self.straight is not None:
            self.straight(Burst(frames).message(self.wire_format))
            return
        if self._outbox is None:
            self._outbox = Outbox(settings.SOCKET_BACKLOG_BYTES)
        if all(self._outbox.put(frame) for frame in frames):
            self._write_soon()
            return
        limit_hit("socket.backlog_bytes")
        self.close(CloseCode.TOO_SLOW)
        self._close_now()

    def _write_soon(self) -> None:
        if self._task is None and not self.over:
            self.straight = None
            self._task = asyncio.create_task(self._write_waiting())

    async def _write_waiting(self) -> None:
        """Write what waits, several frames in one message when they have gathered, and then the close if there is one."""
        try:
            while self._outbox:
                await self._write_message(join(self._outbox.take(), self.wire_format))
                self._room.give()
            if self.close_code is not None:
                await self._write_close(self.close_code)
        except (OSError, RuntimeError):  # the client has gone, or the server has closed for a reason of its own
            self._end()
        self._task = self._outbox = None
        self.flow_changed()
        if self.close_code is not None:
            self._end()

    def _close_now(self) -> None:
        """Forget what the client does not take: the code follows what the server has already taken, for whenever it is read."""
        if self.over or self.close_code is None:
            return
        if self._task is not None:
            self._task.cancel()
        self._outbox = None
        self._task = asyncio.create_task(self._write_close_at_last(self.close_code))

    async def _write_close_at_last(self, code: CloseCode) -> None:
        with contextlib.suppress(OSError, RuntimeError, TimeoutError):
            await asyncio.wait_for(self._write_close(code), STALLED_CLOSE_SECONDS)
        self._end()

    async def _write_close(self, code: CloseCode) -> None:
        await self._send({"type": "websocket.close", "code": int(code), "reason": code.name.lower()})

    async def _write_message(self, message: str | bytes) -> None:
        key = "text" if isinstance(message, str) else "bytes"
        await self._send({"type": "websocket.send", key: message})

    def _end(self) -> None:
        """There is nobody to write to, and so nobody to hear: let the reading end."""
        if not self.over and self.reader is not None:
            self.reader.cancel()
        self.over = True
        self.straight = None


def _uncancel(task: asyncio.Task[Any] | None) -> None:
    """The cancellation was our own and is dealt with."""
    if task is not None:
        task.uncancel()
