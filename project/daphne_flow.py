"""daphne with flow control: ASGI's `send` waits while a client does not take what it is sent. Without it daphne buffers without limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from daphne.server import Server  # installs the reactor: nothing of Twisted before it
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

CLOSE_SECONDS = 5
"""How long a client may take to read up to the close frame and answer it before it is cut off."""


def before_shutdown(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Have the server wait for a coroutine when it was asked to stop."""
    untyped: Any = reactor
    untyped.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromFuture(asyncio.ensure_future(work())))


@implementer(IPushProducer)
class Pressure:
    """Hears from a socket's transport when its buffer is full, and when it has room again or is gone."""

    def __init__(self, transport: Any) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self._transport = transport

    def pauseProducing(self) -> None:  # noqa: N802  # Twisted's name
        """Let `send` wait, and do not listen meanwhile: even the answers to pings would wait in memory."""
        self.writable.clear()
        self._transport.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802  # Twisted's name
        """Let `send` go on; a transport that is to close would otherwise wait for us to finish first."""
        self.writable.set()
        if self._transport.disconnecting:
            self._transport.unregisterProducer()
        else:
            self._transport.resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802  # Twisted's name
        """Let nobody wait for a connection that is gone."""
        self.writable.set()


class FlowControlServer(Server):  # type: ignore[misc]  # daphne has no types
    """daphne's server, with a `send` that waits for sockets whose buffer is full. A close does not wait."""

    def protocol_connected(self, protocol: Any) -> None:
        """Listen to the transport of every new socket, in place of the HTTP channel that it came from."""
        super().protocol_connected(protocol)
        if hasattr(protocol, "serverSend"):
            protocol.closeHandshakeTimeout = CLOSE_SECONDS
            protocol.pressure = Pressure(protocol.transport)
            protocol.transport.unregisterProducer()
            protocol.transport.registerProducer(protocol.pressure, True)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Pass a message of the application on to the protocol, when there is room."""
        if message["type"] == "websocket.send":
            await protocol.pressure.writable.wait()
        await super().handle_reply(protocol, message)
