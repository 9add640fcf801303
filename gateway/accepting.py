"""Taking in new connections, a few in each round of the event loop. Who of them is let in is the business of admission."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable

import structlog

from kernel.metrics import limit_hit

logger = structlog.get_logger(__name__)

PER_ROUND = 2
"""A newcomer takes some 400 microseconds before its first wait: a round of the loop is kept to about a millisecond of them."""
YIELD_SECONDS = 0.003
"""How long the next few wait after some while others are served: newcomers get about half of the time then, some 500 a second."""
REQUEST_SECONDS = 1
"""How long the kernel keeps a connection to itself that has not said anything (Linux)."""
EXHAUSTED_PAUSE_SECONDS = 1.0
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def _never() -> bool:
    return False


MakeProtocol = Callable[[], asyncio.Protocol]


class Acceptor:
    """Serves a listening socket; everybody who is not taken in yet waits in the kernel's backlog.

    An event loop's own server takes all who wait at once, and then nobody else is served until all of them have been looked at.
    `others_served` tells whether those who are there are being sent something; newcomers are taken in more slowly then.
    Has what uvicorn asks of a server. Lives on one event loop.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: MakeProtocol,
        *,
        backlog: int,
        others_served: Callable[[], bool] = _never,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._make_protocol = make_protocol
        self._others_served = others_served
        self._opening: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        listener.setblocking(False)
        _wait_for_requests(listener)
        listener.listen(backlog)
        self._listen()

    def close(self) -> None:
        """Take in nobody else. Who waits in the backlog is served by another process that has the socket, or cut off."""
        self._rest()
        if self._pause is not None:
            self._pause.cancel()
        self._listener.close()

    async def wait_closed(self) -> None:
        """Return when those who were taken in last are served."""
        if self._opening:
            await asyncio.wait(self._opening)

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._take)

    def _rest(self) -> None:
        if self._listener.fileno() != -1:
            self._loop.remove_reader(self._listener)

    def _take(self) -> None:
        """Take in a few; called once in each round of the loop for as long as somebody waits."""
        try:
            taken = self._take_in()
        except OSError as error:
            self._log_exhausted(error)
            self._rest_for(EXHAUSTED_PAUSE_SECONDS)
        else:
            if taken and self._others_served():
                self._rest_for(YIELD_SECONDS)

    def _take_in(self) -> int:
        """Return how many connections were there. Raises `OSError` when there is nothing left to serve one with."""
        for number in range(PER_ROUND):
            try:
                accepted, _ = self._listener.accept()
            except BlockingIOError:
                return number
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    raise
                continue  # it was the connection's own: the client has gone
            accepted.setblocking(False)
            task = self._loop.create_task(self._open(accepted))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        return PER_ROUND

    def _log_exhausted(self, error: OSError) -> None:
        """Without a rest the socket would be ready again and again, each time in vain."""
        logger.error("accept.exhausted", error=errno.errorcode[error.errno or 0])
        limit_hit("process.files")

    def _rest_for(self, seconds: float) -> None:
        self._rest()
        self._pause = self._loop.call_later(seconds, self._listen)

    async def _open(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make_protocol, accepted)
        except OSError:  # the client has gone meanwhile
            accepted.close()


def _wait_for_requests(listener: socket.socket) -> None:
    """Let a connection count as come when its request is there: then no more requests are read in a round than connections are taken in."""
    option = getattr(socket, "TCP_DEFER_ACCEPT", None)
    if option is not None:
        with contextlib.suppress(OSError):  # not a TCP socket
            listener.setsockopt(socket.IPPROTO_TCP, option, REQUEST_SECONDS)
