"""A client of the socket protocol over real WebSockets: commands, events per topic with cursors, reconnecting with resume.

It trusts nothing that the server promises: a seq that is doubled or skipped ends up in `violations`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any

import msgpack
import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.web_sockets import OPEN_SECONDS, Disconnected, Frame, Problem, WireFormat, open_socket

WAIT_SECONDS = 30.0
RENEW_SECONDS = 200.0
PAUSES_SECONDS = (0.05, 1.0)
REOPEN_SECONDS = 10.0
"""After a break a server that does not answer is left for the next one sooner than at first."""

Token = Callable[[], Awaitable[str]]


class SocketClient:
    """One user's socket; with `reconnect` it comes back after every break after which it may, to the next of its `urls`.

    `received` holds the event frames per topic in order of arrival, `cursors` the newest seq of each followed topic,
    `closes` the code of every break, `notices` what the server says by itself, and `lost` the topics that could not be
    resumed, with the reason.
    """

    def __init__(self, urls: Sequence[str], token: Token | None = None, *, wire: WireFormat = "json") -> None:
        self.hello: Frame = {}
        self.received: dict[str, list[Frame]] = defaultdict(list)
        self.cursors: dict[str, int] = {}
        self.closes: list[int] = []
        self.notices: list[Frame] = []
        self.lost: list[tuple[str, str]] = []
        self.violations: list[str] = []
        self.on_event: Callable[[Frame], None] | None = None
        self._urls = itertools.cycle(urls)
        self._token = token
        self._wire: WireFormat = wire
        self._socket: ClientConnection | None = None
        self._refs = itertools.count(1)
        self._pending: dict[str, asyncio.Future[Frame]] = {}
        self._follows: dict[str, tuple[str, int | None]] = {}
        self._changed = asyncio.Event()
        self._live = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # Opening and closing ---------------------------------------------------------------------------------------------

    async def open(self, *, reconnect: bool = False, **proof: str) -> SocketClient:
        """Connect with a `ticket`, a `token` or an `auth_frame` (a token too), else with our own token; wait for the greeting."""
        await self._connect(**proof)
        self._live.set()
        self._tasks = [asyncio.create_task(self._keep_open() if reconnect else self._until_closed())]
        if reconnect:
            self._tasks.append(asyncio.create_task(self._keep_alive()))
        return self

    async def close(self) -> None:
        """Close for good."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    def abort(self) -> None:
        """Cut the TCP connection without a word."""
        self._live.clear()
        self._open_socket().transport.abort()

    async def live(self, within: float = WAIT_SECONDS) -> None:
        """Wait until the socket is open and what was followed is followed again."""
        async with asyncio.timeout(within):
            await self._live.wait()

    async def close_code(self, within: float = WAIT_SECONDS) -> int:
        """Wait for the socket to be closed and return the code."""
        await self._until(lambda: bool(self.closes), within)
        return self.closes[0]

    # Commands --------------------------------------------------------------------------------------------------------

    async def command(self, t: str, **d: Any) -> Frame:
        """Send a command and return the body of its ack. Raises `Problem`, or `Disconnected` and `TimeoutError` without an answer."""
        ref = f"c{next(self._refs)}"
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._pending[ref] = answer
        if t == "topic.follow":
            self._follows[ref] = (d["topic"], d.get("after"))
        try:
            await self.send({"t": t, "ref": ref, "d": d})
            async with asyncio.timeout(WAIT_SECONDS):
                return await answer
        finally:
            del self._pending[ref]
            self._follows.pop(ref, None)

    async def send(self, frame: Any) -> None:
        """Send whatever can be encoded. Raises `Disconnected`."""
        await self.send_raw(self._encode(frame))

    async def send_raw(self, message: str | bytes) -> None:
        """Send a WebSocket message. Raises `Disconnected`."""
        try:
            await self._open_socket().send(message)
        except ConnectionClosed as closed:
            raise Disconnected(closed.rcvd.code if closed.rcvd else 1006) from closed

    async def follow(self, topic: str, after: int | None = None) -> Frame:
        """Follow a topic, after a break too, and return the answer."""
        return await self.command("topic.follow", topic=topic, **({} if after is None else {"after": after}))

    async def say(
        self, room: str, body: str, nonce: str, *, on_problem: Callable[[Problem], None] | None = None
    ) -> Frame:
        """Post a message and return its ack: whatever breaks meanwhile, it is sent again under its nonce until it has one."""
        while True:
            try:
                return await self.command("message.send", room=room, body=body, nonce=nonce)
            except Problem as problem:
                if on_problem is not None:
                    on_problem(problem)
                if not problem.retryable:
                    raise
                await asyncio.sleep(problem.body["retry_after"] or 0.1)
            except (Disconnected, TimeoutError):
                await asyncio.sleep(PAUSES_SECONDS[0])
                await self.live(60)

    # Events ----------------------------------------------------------------------------------------------------------

    async def events(self, topic: str, amount: int, within: float = WAIT_SECONDS) -> list[Frame]:
        """Wait until so many events of a topic have come since the beginning, and return all of them."""
        await self._until(lambda: len(self.received[topic]) >= amount, within)
        return self.received[topic]

    async def event(self, t: str, within: float = WAIT_SECONDS) -> Frame:
        """Wait for an event of a type, and return the newest."""
        await self._until(lambda: bool(self.of_type(t)), within)
        return self.of_type(t)[-1]

    def of_type(self, t: str) -> list[Frame]:
        """Return the events of a type, topic by topic."""
        return [frame for frames in self.received.values() for frame in frames if frame["t"] == t]

    async def quiet(self, seconds: float = 0.3) -> bool:
        """Tell whether nothing at all comes for a moment."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
        return not self._changed.is_set()

    async def _until(self, condition: Callable[[], bool], within: float) -> None:
        async with asyncio.timeout(within):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    # The connection --------------------------------------------------------------------------------------------------

    async def _connect(self, *, auth_frame: str = "", within: float = OPEN_SECONDS, **proof: str) -> None:
        if not proof and not auth_frame and self._token is not None:
            proof = {"token": await self._token()}
        greeting: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        socket = await open_socket(
            next(self._urls), wire=self._wire, hear=lambda data: self._hear(data, greeting), within=within, **proof
        )
        if auth_frame:
            await socket.send(self._encode({"t": "auth", "d": {"token": auth_frame}}))
        closed = asyncio.ensure_future(socket.wait_closed())
        either: set[asyncio.Future[Any]] = {greeting, closed}
        await asyncio.wait(either, timeout=WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        closed.cancel()
        if not greeting.done():
            raise Disconnected(socket.close_code or 1006)
        if greeting.result()["t"] != "hello":
            await socket.close()
            raise Problem(greeting.result()["d"])
        self.hello, self._socket = greeting.result()["d"], socket

    def _hear(self, message: str | bytes, greeting: asyncio.Future[Frame]) -> None:
        for frame in self._decode(message):
            if greeting.done():
                self._take(frame)
            elif frame["t"] != "ok":  # the answer to the auth frame
                greeting.set_result(frame)

    async def _keep_open(self) -> None:
        """Whenever the socket breaks, come back and follow again from the cursors, until told not to come back."""
        pause, longest = PAUSES_SECONDS
        while True:
            await self._until_closed()
            while self._socket is None:
                if 4500 <= self.closes[-1] <= 4999:
                    return
                await asyncio.sleep(pause * random.uniform(0.5, 1))
                with contextlib.suppress(OSError, WebSocketException, TimeoutError, Problem, Disconnected):
                    await self._connect(within=REOPEN_SECONDS)
                pause = min(2 * pause, longest)
            pause = PAUSES_SECONDS[0]
            self._tasks.append(asyncio.create_task(self._resume()))

    async def _resume(self) -> None:
        """Follow everything again; a socket that breaks meanwhile is followed by another that tries again."""
        with contextlib.suppress(Disconnected, TimeoutError):
            for topic, cursor in tuple(self.cursors.items()):
                try:
                    await self.follow(topic, cursor)
                except Problem as problem:
                    self.lost.append((topic, problem.code))
            self._live.set()

    async def _keep_alive(self) -> None:
        """Say that we are there, and renew the proof of who we are."""
        loop = asyncio.get_running_loop()
        renewed_at = loop.time()
        while True:
            await asyncio.sleep(self.hello["heartbeat_interval"] * random.uniform(0.8, 1))
            with contextlib.suppress(Disconnected, TimeoutError, Problem):
                await self.command("ping")
                if self._token is not None and loop.time() - renewed_at > RENEW_SECONDS:
                    await self.command("auth", token=await self._token())
                    renewed_at = loop.time()

    async def _until_closed(self) -> None:
        """Wait for the end of the socket, and tell those who wait for an answer."""
        socket = self._open_socket()
        await socket.wait_closed()
        self._socket = None
        self._live.clear()
        self.closes.append(socket.close_code or 1006)
        self._changed.set()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(Disconnected(self.closes[-1]))

    def _open_socket(self) -> ClientConnection:
        if self._socket is None:
            raise Disconnected(self.closes[-1] if self.closes else 1006)
        return self._socket

    # Frames ----------------------------------------------------------------------------------------------------------

    def _encode(self, frame: Any) -> str | bytes:
        return msgspec.json.encode(frame).decode() if self._wire == "json" else msgspec.msgpack.encode(frame)

    def _decode(self, message: str | bytes) -> list[Frame]:
        if isinstance(message, str):
            return [_object_of(line) for line in message.split("\n")]
        unpacker = msgpack.Unpacker()
        unpacker.feed(message)
        return list(unpacker)

    def _take(self, frame: Frame) -> None:
        if "topic" in frame:
            self._take_event(frame)
        elif frame["t"] in ("ok", "problem"):
            self._take_answer(frame)
        else:
            self.notices.append(frame)
        self._changed.set()

    def _take_event(self, frame: Frame) -> None:
        topic, seq = frame["topic"], frame.get("seq")
        if seq is not None:
            if seq - 1 != self.cursors.get(topic):
                self.violations.append(f"{topic}: {seq} came after {self.cursors.get(topic)}")
            self.cursors[topic] = seq
        self.received[topic].append(frame)
        if self.on_event is not None:
            self.on_event(frame)

    def _take_answer(self, frame: Frame) -> None:
        ref = frame["ref"]
        if ref is None and frame["t"] == "problem" and frame["d"]["code"] == "rate.limited" and len(self._pending) == 1:
            ref = next(
                iter(self._pending)
            )  # above the limit frames are not even read; it can only be the one that waits
        answer = self._pending.get(ref)
        if answer is None or answer.done():
            self.notices.append(frame)
        elif frame["t"] == "problem":
            answer.set_exception(Problem(frame["d"]))
        else:
            if ref in self._follows:
                self._begin(*self._follows[ref], frame["d"])
            answer.set_result(frame["d"])

    def _begin(self, topic: str, after: int | None, followed: Frame) -> None:
        """Set the cursor before the first event: events may come in the same message as the answer."""
        resumed = after is not None and followed["recovered"]
        self.cursors[topic] = after if resumed else followed["head"]  # type: ignore[assignment]
        if not followed["recovered"]:
            self.lost.append((topic, followed["reason"]))


@lru_cache(maxsize=4_096)
def _object_of(line: str) -> Frame:
    """Decode an object; all followers of a topic get the same bytes, and one program may be many of them."""
    frame: Frame = msgspec.json.decode(line)
    return frame
