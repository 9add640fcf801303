"""Sockets of members, as the works of gates need them: who hears which message when, and when a topic is closed to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.gates.group import Person

ANSWER_SECONDS = 60.0
OPENED_AT_ONCE = 20
_decode = msgspec.json.Decoder().decode


class Member:
    """One socket. `heard` are messages by their body, `revoked_at` and `changed_at` when a topic was closed, and access changed, last."""

    def __init__(self, socket: ClientConnection, person: Person) -> None:
        self.person = person
        self.heard: dict[str, float] = {}
        self.revoked_at: float | None = None
        self.changed_at: float | None = None
        self._socket = socket
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._refs = 0
        self._told = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def command(self, name: str, **body: Any) -> dict[str, Any]:
        """Return the answer's data. Raises `RuntimeError` when it is a refusal."""
        self._refs += 1
        ref = str(self._refs)
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        await self._socket.send(msgspec.json.encode({"t": name, "ref": ref, "d": body}).decode())
        frame = await asyncio.wait_for(answer, ANSWER_SECONDS)
        if frame["t"] != "ok":
            raise RuntimeError(f"{name} was refused: {frame['d']['code']}")
        return dict(frame["d"])

    async def follow(self, kind: str, object_id: Any) -> None:
        """Follow a topic from now on; it counts as not closed."""
        self.revoked_at = None
        self._told.clear()
        await self.command("topic.follow", topic=f"{kind}:{object_id}")

    async def told(self) -> float:
        """Wait until a topic is closed to the socket, and return when it was."""
        await asyncio.wait_for(self._told.wait(), ANSWER_SECONDS)
        return self.revoked_at or 0.0

    async def close(self) -> None:
        """Close, without waiting for the server for long."""
        self._reading.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._socket.close(), 1)

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._socket:
                at = time.monotonic()
                for line in message.split("\n") if isinstance(message, str) else ():
                    self._take(_decode(line), at)

    def _take(self, frame: dict[str, Any], at: float) -> None:
        match frame["t"]:
            case "message.created":
                self.heard[frame["d"]["message"]["body"]] = at
            case "access.revoked" if "seq" not in frame:
                self.revoked_at = at
                self._told.set()
            case "access.changed":
                self.changed_at = at
            case "ok" | "problem" if (answer := self._answers.pop(frame.get("ref") or "", None)) is not None:
                answer.set_result(frame)


@asynccontextmanager
async def open_sockets(ports: Sequence[int], people: Sequence[Person]) -> AsyncIterator[list[Member]]:
    """Open a socket for everybody, by turns at each gateway; close them at the end."""
    async with AsyncExitStack() as stack:
        members: list[Member] = []
        for start in range(0, len(people), OPENED_AT_ONCE):
            some = people[start : start + OPENED_AT_ONCE]
            numbered = enumerate(some, start)
            opened = await asyncio.gather(*(_open(ports[place % len(ports)], one) for place, one in numbered))
            for member in opened:
                stack.push_async_callback(member.close)
            members += opened
        yield members


async def _open(port: int, person: Person) -> Member:
    proof: Any = ["portcullis.v1", f"bearer.{person.token}"]
    address = f"ws://127.0.0.1:{port}/ws/v1"
    socket = await connect(address, subprotocols=proof, compression=None, max_queue=None, max_size=None, proxy=None)
    await asyncio.wait_for(socket.recv(), ANSWER_SECONDS)
    return Member(socket, person)


class Talk:
    """Somebody who talks in a room at a rate, come what may, until told to stop. `said` are messages by their body, when begun.

    `late` are the acknowledgements: when a message was begun, and how long it took.
    """

    def __init__(self, member: Member, room: Any, rate: float, name: str = "m") -> None:
        self.said: dict[str, float] = {}
        self.late: list[tuple[float, float]] = []
        self._member = member
        self._room = str(room.pk)
        self._pause = 1 / rate
        self._name = name
        self._going_on = True
        self._sends: list[asyncio.Task[None]] = []
        self._task = asyncio.create_task(self._talk())

    async def stop(self) -> None:
        """Say nothing more, and wait for every answer."""
        self._going_on = False
        await self._task
        await asyncio.gather(*self._sends)

    async def until(self, amount: int, since: float) -> None:
        """Wait until so many messages were begun after a moment."""
        while sum(at > since for at in self.said.values()) < amount:  # noqa: ASYNC110  # what is awaited is a rate
            await asyncio.sleep(0.05)

    async def _talk(self) -> None:
        due = time.monotonic()
        while self._going_on:
            self._sends.append(asyncio.create_task(self._say(f"{self._name} {len(self._sends)}")))
            due += self._pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _say(self, body: str) -> None:
        began = self.said[body] = time.monotonic()
        await self._member.command("message.send", room=self._room, body=body, nonce=body.replace(" ", "-"))
        self.late.append((began, time.monotonic() - began))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
