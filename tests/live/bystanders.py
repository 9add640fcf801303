"""Two people who talk while somebody else misbehaves towards the same process. What the misbehaviour is, tests decide."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec

from tests.live.people import Person, Place, bodies_of, found_place, new_nonce, sign_up
from tests.live.raw_socket import RawSocket
from tests.servers import ServerGroup
from tests.socket_client import SocketClient
from tests.web_sockets import Frame, WireFormat

T = TypeVar("T")


class Scene:
    """A place with two talkers, and a member of nothing who attacks the gateway they are on. Runs on a loop of its own."""

    def __init__(self, servers: ServerGroup) -> None:
        self.servers = servers
        self.gateway = servers.gateways[0]
        self._runner = asyncio.Runner()
        self._raws: list[RawSocket] = []
        self._sockets: dict[WireFormat, SocketClient] = {}
        self.run(self._open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end: generated examples are synchronous."""
        return self._runner.run(work)

    def close(self) -> None:
        """Close everything."""
        self.run(self._leave())
        self._runner.close()

    async def talk_goes_on(self) -> None:
        """Check that the next message arrives, alone, and that the talkers' sockets are the ones they had."""
        heard = self._reader.received[self.place.topic]
        heard.clear()
        body = new_nonce()
        await self._writer.command("message.send", room=self.place.room, body=body, nonce=body)
        await self._reader.events(self.place.topic, 1)
        assert bodies_of(heard) == [body]
        assert self._reader.closes == self._writer.closes == self._reader.violations == []

    async def clear_away(self) -> None:
        """Cut what a test has left open."""
        while self._raws:
            await self._raws.pop().abort()

    async def attack(self, message: str | bytes, *, wire: WireFormat = "json") -> list[Frame]:
        """Send a message, and return what is answered to it: everything up to the answer to a ping behind it."""
        socket = await self._attacking_socket(wire)
        socket.notices.clear()
        await socket.send_raw(message)
        assert await socket.command("ping") == {}
        return socket.notices

    async def upgraded(self, **options: Any) -> RawSocket:
        """Return a raw socket, greeted as the attacker."""
        raw = await self.raw()
        head = await raw.upgrade(self.gateway.address, token=self.attacker.access, **options)
        assert head.startswith(b"HTTP/1.1 101"), head
        _, greeting = await raw.read_frame()
        assert msgspec.json.decode(greeting)["t"] == "hello"
        return raw

    async def raw(self, **options: Any) -> RawSocket:
        """Return a TCP connection that is cut at the end."""
        raw = await RawSocket.connect(self.gateway.address, **options)
        self._raws.append(raw)
        return raw

    async def _open(self) -> None:
        self.place: Place = await found_place(await sign_up(self.servers, "ann"))
        ben = await sign_up(self.servers, "ben")
        await self.place.admit(ben)
        self.attacker: Person = await sign_up(self.servers, "mallory")
        self._writer = await self.place.founder.connect()
        self._reader = await ben.connect()
        await self.place.follow(self._reader)

    async def _attacking_socket(self, wire: WireFormat) -> SocketClient:
        if wire not in self._sockets:
            self._sockets[wire] = await self.attacker.connect(wire=wire)
        return self._sockets[wire]

    async def _leave(self) -> None:
        await self.clear_away()
        for person in (*self.place.people, self.attacker):
            await person.leave()
