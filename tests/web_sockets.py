"""Opening real WebSockets, and what can become of them. The protocol that is spoken over them is in `tests.socket_client`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.protocol import Event

OPEN_SECONDS = 60.0
"""How long the answer to an upgrade may take: whoever connects to a process that is just being started waits until it serves."""
SUBPROTOCOLS = {"json": "portcullis.v1", "msgpack": "portcullis.v1.msgpack"}

WireFormat = Literal["json", "msgpack"]
Frame = dict[str, Any]


class Problem(Exception):
    """The server refused; `body` is the `d` of the frame."""

    def __init__(self, body: Frame) -> None:
        super().__init__(f"{body['code']}: {body['message']}")
        self.body = body
        self.code: str = body["code"]
        self.retryable: bool = body["retryable"]


class Disconnected(Exception):
    """The socket is closed, with this code (1006: without one)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class DirectConnection(ClientConnection):
    """Gives whole messages to `hear` as they are parsed: a task switch per message is what a client with many sockets spends most on."""

    hear: Callable[[str | bytes], None] | None = None

    def process_event(self, event: Event) -> None:
        """Take a frame of the server, which sends no message in parts."""
        if self.hear is not None and isinstance(event, WebSocketFrame) and event.opcode in (Opcode.TEXT, Opcode.BINARY):
            assert event.fin
            self.hear(bytes(event.data).decode() if event.opcode is Opcode.TEXT else bytes(event.data))
        else:
            super().process_event(event)


async def open_socket(
    url: str,
    *,
    ticket: str = "",
    token: str = "",
    wire: WireFormat = "json",
    hear: Callable[[str | bytes], None] | None = None,
    within: float = OPEN_SECONDS,
) -> ClientConnection:
    """Open a WebSocket with a ticket in the address, a token as a subprotocol entry, or no proof. Without `hear`, use `recv`."""

    def connection(*args: Any, **options: Any) -> DirectConnection:
        made = DirectConnection(*args, **options)
        made.hear = hear
        return made

    return await connect(
        f"{url}?ticket={ticket}" if ticket else url,
        subprotocols=[SUBPROTOCOLS[wire], *([f"bearer.{token}"] if token else [])],  # type: ignore[list-item]  # a NewType
        create_connection=connection,  # type: ignore[arg-type]  # any factory will do
        compression=None,
        max_size=None,
        open_timeout=within,
        ping_interval=None,
        proxy=None,
    )
