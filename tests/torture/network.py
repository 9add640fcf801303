"""The wires between the clients and the gateways: a small proxy per gateway that can cut, stall or silently swallow connections."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from typing import Literal, cast

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
Direction = Literal["up", "down"]


class _End(asyncio.Protocol):
    """One side of a wire; what it hears goes to the other side."""

    def __init__(self) -> None:
        self.other: _End | None = None
        self.transport: asyncio.Transport | None = None
        self.deaf = False
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def join(self, other: _End) -> None:
        """Pass everything on to the other side from now on, what came meanwhile first."""
        self.other, early, self._early = other, self._early, []
        for data in early:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        if self.other is None or self.other.transport is None:
            self._early.append(data)
        elif not self.other.transport.is_closing():
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None and not self.deaf:
            self.other.transport.close()

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def reset(self) -> None:
        """End with a RST instead of a FIN."""
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.transport.abort()


class Wire:
    """One connection through the proxy: the client's side and the gateway's side."""

    def __init__(self, client: _End, gateway: _End) -> None:
        self._ends = {"up": client, "down": gateway}

    @property
    def open(self) -> bool:
        """Whether both sides are."""
        return all(end.transport is not None and not end.transport.is_closing() for end in self._ends.values())

    def reset(self) -> None:
        """Reset both sides."""
        for end in self._ends.values():
            end.reset()

    def swallow(self, *directions: Direction) -> None:
        """Lose everything in these directions from now on, the end included: each side finds out by itself, or never."""
        for direction in directions:
            self._ends[direction].deaf = True

    def stall(self, seconds: float) -> None:
        """Hold back everything in both directions for a while, as when a route is gone and comes back."""
        for end in self._ends.values():
            if end.transport is not None and not end.transport.is_closing():
                end.transport.pause_reading()
        asyncio.get_running_loop().call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        for end in self._ends.values():
            if end.transport is not None and not end.transport.is_closing():
                end.transport.resume_reading()


class Proxy:
    """Listens on a port of its own and connects everybody through to one gateway."""

    def __init__(self, host: str, port: int) -> None:
        self._gateway = (host, port)
        self._wires: set[Wire] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ws/v1"

    async def close(self) -> None:
        """Cut everything."""
        if self._server is not None:
            self._server.close()
        for wire in self.wires(1.0, random.Random(0)):
            wire.reset()

    def wires(self, share: float, chance: random.Random) -> list[Wire]:
        """Return a share (0 to 1) of the open connections."""
        self._wires = {wire for wire in self._wires if wire.open}
        return [wire for wire in self._wires if chance.random() < share]

    def _accept(self) -> _End:
        client = _End()
        task = asyncio.create_task(self._connect(client))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return client

    async def _connect(self, client: _End) -> None:
        try:
            _, gateway = await asyncio.get_running_loop().create_connection(_End, *self._gateway)
        except OSError:
            client.reset()
            return
        gateway.join(client)
        client.join(gateway)
        self._wires.add(Wire(client, gateway))
        if client.transport is None or client.transport.is_closing():
            gateway.reset()
