"""daphne with flow control in both directions: ASGI's `send` waits while a client does not take what it is sent, and a client is not
listened to while the application has not taken what it sent. Without this daphne buffers without limit, and ends without a goodbye.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from daphne.server import Server  # installs the reactor: nothing of Twisted before it
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

CLOSE_SECONDS = 5
"""How long a client may take to read up to the close frame and answer it before it is cut off."""
GOODBYE_SECONDS = 2.0
INBOX_MESSAGES = 16
"""Messages of one socket that wait for the application before its client is listened to no longer."""
INBOX_LOOK_SECONDS = 0.01
CLOSE_LOOK_SECONDS = 0.01


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


class Inbox:
    """What a socket's client sent and the application has not taken: beyond 16 messages the client has to wait."""

    def __init__(self, queue: asyncio.Queue[dict[str, Any]], transport: Any, pressure: Pressure) -> None:
        self._queue = queue
        self._transport = transport
        self._pressure = pressure
        self._waiting = False

    def put_nowait(self, message: dict[str, Any]) -> None:
        """Hand a message to the application; a server that reads ahead calls this for what it has read already, whatever waits."""
        self._queue.put_nowait(message)
        if self._queue.qsize() <= INBOX_MESSAGES:
            return
        self._transport.pauseProducing()  # each time: the pressure of the other direction may have ended meanwhile
        if not self._waiting:
            self._waiting = True
            self._look_again()

    def _look_again(self) -> None:
        """The queue does not tell when it was taken from: look from time to time, while the client waits and only then."""
        if self._transport.disconnecting:
            return
        if self._queue.qsize() > INBOX_MESSAGES // 2 or not self._pressure.writable.is_set():
            asyncio.get_running_loop().call_later(INBOX_LOOK_SECONDS, self._look_again)
            return
        self._waiting = False
        self._transport.resumeProducing()


class FlowControlServer(Server):  # type: ignore[misc]  # daphne has no types
    """daphne's server, with a `send` that waits for sockets whose buffer is full, and sockets with an `Inbox`. A close does not wait.

    `goodbye` sends the clients away when the process was asked to stop.
    """

    def __init__(self, *args: Any, goodbye: Callable[[], Awaitable[None]], **options: Any) -> None:
        super().__init__(*args, **options)
        self._goodbye = goodbye

    def kill_all_applications(self) -> Deferred[None]:
        """Let the reactor wait for the goodbye before it ends.

        daphne would cancel what serves each socket at once, unless it fails over a request of a second ago on its list: then whoever
        says goodbye finds nobody, and the client sees a broken connection.
        """
        return Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        await self._goodbye()
        await self.sockets_closed()
        serving = [details["application_instance"] for details in self.connections.values() if _is_served(details)]
        for application in serving:
            application.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def protocol_connected(self, protocol: Any) -> None:
        """Listen to the transport of every new socket, in place of the HTTP channel that it came from."""
        super().protocol_connected(protocol)
        if hasattr(protocol, "serverSend"):
            protocol.closeHandshakeTimeout = CLOSE_SECONDS
            protocol.pressure = Pressure(protocol.transport)
            protocol.transport.unregisterProducer()
            protocol.transport.registerProducer(protocol.pressure, True)

    async def sockets_closed(self) -> None:
        """Return when every socket's close was answered, or after two seconds: the end of the reactor cuts off what is not written."""
        deadline = time.monotonic() + GOODBYE_SECONDS
        while self._is_closing_sockets() and time.monotonic() < deadline:  # noqa: ASYNC110  # daphne tells nobody
            await asyncio.sleep(CLOSE_LOOK_SECONDS)

    def _is_closing_sockets(self) -> bool:
        return any(
            hasattr(protocol, "pressure") and "disconnected" not in details
            for protocol, details in self.connections.items()
        )

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Return what the protocol puts a client's messages into."""
        queue = super().create_application(protocol, scope)
        if queue is None or scope["type"] != "websocket":
            return queue
        return Inbox(queue, protocol.transport, protocol.pressure)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Pass a message of the application on to the protocol, when there is room."""
        if message["type"] == "websocket.send":
            await protocol.pressure.writable.wait()
        await super().handle_reply(protocol, message)


def _is_served(details: dict[str, Any]) -> bool:
    """Tell whether an application still runs for a connection; what has ended is taken from its details later."""
    return "application_instance" in details and not details["application_instance"].done()
