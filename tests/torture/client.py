"""One device of a person: keeps a socket open through everything, follows its topics with cursors, and records what it hears.

It does what the protocol asks of a good client, and trusts nothing that the server promises: judging is left to the checker.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Protocol

import msgpack
import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from tests.torture.history import Refusal, View
from tests.torture.onlooker import Onlooker
from tests.torture.people import Person
from tests.torture.whispers import Whisper
from tests.web_sockets import Disconnected, Frame, Problem, WireFormat, open_socket

OPEN_SECONDS = 15.0
ANSWER_SECONDS = 5.0
PING_SECONDS = (1.5, 3.0)
RENEW_SECONDS = 150.0
KNOCK_SECONDS = (0.5, 1.5)
PAUSES_SECONDS = (0.05, 2.0)
SHUTTING_DOWN = 4001
TURNED_AWAY = (403, 503)


class Route(Protocol):
    """Leads a client to a gateway, as a load balancer does."""

    def choose(self, previous: str | None) -> str:
        """Return the address of a gateway's sockets, another one than before where there is one."""


class Trouble(msgspec.Struct, frozen=True):
    """Something that a client would rather not have seen."""

    at: float
    client: str
    what: str


class NoAnswer(TimeoutError):
    """The server did not answer a command in time."""


class Places(msgspec.Struct, frozen=True):
    """Where a client is: the ids of a community and of rooms in it."""

    community: str
    rooms: tuple[str, ...]

    @property
    def topics(self) -> Iterable[str]:
        """Every topic of these."""
        return (f"community:{self.community}", *(f"room:{room}" for room in self.rooms))


class Client:
    """A device. `live` while it is connected and follows every topic that it may; `shut_out` holds those that it may not.

    It also looks at some `others` of the community, whenever it can.
    """

    def __init__(
        self,
        name: str,
        person: Person,
        places: Places,
        route: Route,
        chance: random.Random,
        others: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.person = person
        self.views = {topic: View(name, person.user, topic) for topic in places.topics}
        self.rooms = [topic for topic in self.views if topic.startswith("room:")]
        self.community = self.views[f"community:{places.community}"]
        self.onlooker = Onlooker(others)
        self.wire: WireFormat = "msgpack" if chance.random() < 0.25 else "json"
        self.live = asyncio.Event()
        self.shut_out: set[str] = set()
        self.troubles: list[Trouble] = []
        self.refusals: list[Refusal] = []
        self.counts: Counter[str] = Counter()
        self.on_resync: Callable[[Client, View, int], None] | None = None
        self._route = route
        self._chance = chance
        self._gateway: str | None = None
        self._socket: ClientConnection | None = None
        self._refs = itertools.count(1)
        self._pending: dict[str, asyncio.Future[Frame]] = {}
        self._follows: dict[str, tuple[View, int | None]] = {}
        self._watches: set[str] = set()
        self._return_after: float | None = None
        self._greeted: asyncio.Future[Frame] | None = None
        self._welcome = False

    async def run(self) -> None:
        """Be there until cancelled."""
        pause, longest = PAUSES_SECONDS
        while True:
            self._return_after = None
            try:
                await self._be_connected()
                pause = PAUSES_SECONDS[0]
            except InvalidStatus as refused:
                self._turned_away(refused)
            except (OSError, WebSocketException, TimeoutError, Problem, Disconnected) as error:
                if self._return_after is None:
                    self._trouble(f"{'lost' if self._welcome else 'not connected'}: {type(error).__name__} {error}")
            self.counts["reconnects"] += 1
            if self._return_after is not None:
                await asyncio.sleep(self._return_after)
                continue
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1.5))
            pause = min(2 * pause, longest)

    def _turned_away(self, refused: InvalidStatus) -> None:
        """A node that is full or about to end refuses the handshake: go to another, as the protocol says."""
        self.counts["turned away"] += 1
        if refused.response.status_code not in TURNED_AWAY:
            self._trouble(f"not connected: status {refused.response.status_code}")

    async def command(self, t: str, **d: Any) -> Frame:
        """Send a command and return the body of its ack. Raises `Problem`, or `Disconnected` and `NoAnswer` without an answer."""
        ref = f"c{next(self._refs)}"
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._pending[ref] = answer
        if t == "topic.follow":
            self._follows[ref] = (self.views[d["topic"]], d.get("after"))
        elif t == "presence.watch":
            self._watches.add(ref)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._send({"t": t, "ref": ref, "d": d})
                return await answer
        except TimeoutError:
            raise NoAnswer(t) from None
        finally:
            del self._pending[ref]
            self._follows.pop(ref, None)
            self._watches.discard(ref)

    def abort(self) -> None:
        """Cut the connection, as a phone does that leaves the house."""
        if self._socket is not None:
            self._socket.transport.abort()

    # The connection --------------------------------------------------------------------------------------------------

    async def _be_connected(self) -> None:
        """Connect, follow, and stay until the socket breaks."""
        self._gateway = self._route.choose(self._gateway)
        self._greeted, self._welcome = asyncio.get_running_loop().create_future(), False
        self._see_nothing()
        socket = None
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                socket = await open_socket(self._gateway, token=self.person.token(), wire=self.wire, hear=self._hear)
                closed = asyncio.ensure_future(socket.wait_closed())
                closed.add_done_callback(lambda _: self._give_up(socket))
                await self._hello(socket, closed)
            self._socket, self._welcome = socket, True
            for view in self.views.values():
                await self._follow(view)
            self.live.set()
            await self._stay(closed)
            self._note_close(socket)
        finally:
            self.live.clear()
            self._socket = None
            if socket is not None:
                socket.transport.abort()

    async def _hello(self, socket: ClientConnection, closed: asyncio.Future[None]) -> None:
        assert self._greeted is not None
        either: set[asyncio.Future[Any]] = {self._greeted, closed}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._greeted.done():
            raise Disconnected(socket.close_code or 1006)
        if self._greeted.result()["t"] != "hello":
            raise Problem(self._greeted.result()["d"])

    def _see_nothing(self) -> None:
        """A new socket follows nothing and looks at nobody yet."""
        for view in self.views.values():
            view.following = False
        self.onlooker.end()

    async def _stay(self, closed: asyncio.Future[None]) -> None:
        """Ping, renew the proof, knock at topics that are shut, and look at others, until the socket is closed."""
        renew_at = time.monotonic() + RENEW_SECONDS
        while not closed.done():
            if self.onlooker.due:
                await self._look()
            pause = self._chance.uniform(*(KNOCK_SECONDS if self.shut_out or self.onlooker.due else PING_SECONDS))
            await asyncio.wait({closed}, timeout=pause)
            if closed.done():
                return
            await self.command("ping")
            if time.monotonic() > renew_at:
                await self.command("auth", token=self.person.token())
                renew_at = time.monotonic() + RENEW_SECONDS
            for topic in list(self.shut_out):
                await self._follow(self.views[topic])

    async def _look(self) -> None:
        """Ask for the window; what is refused for now is asked for again a little later."""
        asked_at = time.monotonic()
        self.onlooker.due = False
        community = self.community.topic.partition(":")[2]
        try:
            await self.command("presence.watch", community=community, users=self.onlooker.wanted)
        except Problem as problem:
            if problem.retryable:
                self.onlooker.due = True
            else:
                self.refuse(self.community.topic, asked_at, "presence.watch", problem)

    def _note_close(self, socket: ClientConnection) -> None:
        code = socket.close_code or 1006
        self.counts[f"closed with {code}"] += 1
        if code != SHUTTING_DOWN:
            self._trouble(f"closed with {code}")

    def _give_up(self, socket: ClientConnection) -> None:
        """Tell those who wait for an answer that none will come; a client that is connected anew already has others."""
        if self._socket is not None and self._socket is not socket:
            return
        self.live.clear()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(Disconnected(socket.close_code or 1006))

    async def _follow(self, view: View) -> None:
        """Follow from the cursor; where that is refused for good, the room is shut and is knocked at later."""
        asked_at = time.monotonic()
        after = {} if view.cursor is None else {"after": view.cursor}
        while True:
            try:
                answer = await self.command("topic.follow", topic=view.topic, **after)
            except Problem as problem:
                if problem.retryable:
                    self._trouble(f"follow: {problem.code}")
                    await asyncio.sleep(problem.body["retry_after"] or 0.2)
                    continue
                self.refuse(view.topic, asked_at, "topic.follow", problem)
                self.shut_out.add(view.topic)
                return
            if not answer["recovered"] and self.on_resync is not None:
                self.on_resync(self, view, answer["head"])
            return

    def refuse(self, topic: str, asked_at: float, what: str, problem: Problem) -> None:
        """Record that something was refused for good."""
        refusal = Refusal(
            user=self.person.user, topic=topic, asked_at=asked_at, at=time.monotonic(), what=what, code=problem.code
        )
        self.refusals.append(refusal)

    async def _send(self, frame: Frame) -> None:
        if self._socket is None:
            raise Disconnected(1006)
        data = msgspec.json.encode(frame).decode() if self.wire == "json" else msgspec.msgpack.encode(frame)
        try:
            await self._socket.send(data)
        except ConnectionClosed as closed:
            raise Disconnected(closed.rcvd.code if closed.rcvd else 1006) from closed

    def _trouble(self, what: str) -> None:
        self.troubles.append(Trouble(time.monotonic(), self.name, what))

    # Frames ----------------------------------------------------------------------------------------------------------

    def _hear(self, message: str | bytes) -> None:
        at = time.monotonic()
        for frame in frames_of(message):
            if "seq" in frame:
                self._take_event(frame, at)
            elif "topic" in frame:
                self._take_personal(frame, at)
            else:
                self._take_answer(frame, at)

    def _take_event(self, frame: Frame, at: float) -> None:
        view = self.views.get(frame["topic"])
        if view is not None:
            view.hear(frame, at)
            self.counts["delivered"] += 1
            if view is self.community:
                self.onlooker.heed(frame["t"], frame["d"])

    def _take_personal(self, frame: Frame, at: float) -> None:
        view = self.views.get(frame["topic"])
        if view is None:
            return
        if frame["t"] == "access.revoked":
            view.close(at)
            self.shut_out.add(view.topic)
            if view is self.community:
                self.onlooker.end()
        elif frame["t"] == "typing.started":
            self.counts["typing heard"] += 1
            view.whispers.append(Whisper(at, frame["t"], frame["d"]["user"], view.following))
        elif frame["t"] == "presence.changed":
            self._take_presence(view, frame["d"]["presence"], at)

    def _take_presence(self, view: View, presence: Frame, at: float) -> None:
        self.counts["presence heard"] += 1
        invited = self.onlooker.sees(presence) and view.following
        text = (presence["custom"] or {"text": ""})["text"]
        view.whispers.append(Whisper(at, "presence.changed", presence["user"], invited, text))

    def _take_answer(self, frame: Frame, at: float) -> None:
        if self._greeted is not None and not self._greeted.done() and frame["t"] in ("hello", "problem"):
            self._greeted.set_result(frame)
            return
        if frame["t"] == "reconnect":
            self._return_after = frame["d"]["after_ms"] / 1_000
            self.live.clear()
            return
        answer = self._pending.get(frame.get("ref") or "")
        if frame["t"] == "problem":
            self.counts[f"problem {frame['d']['code']}"] += 1
        if answer is None or answer.done():
            return
        if frame["t"] == "problem":
            answer.set_exception(Problem(frame["d"]))
            return
        if frame["ref"] in self._follows:
            self._begin(*self._follows[frame["ref"]], frame["d"], at)
        elif frame["ref"] in self._watches:
            self.onlooker.answered(frame["d"]["members"])
        answer.set_result(frame["d"])

    def _begin(self, view: View, after: int | None, followed: Frame, at: float) -> None:
        """Set the cursor before the first event: events may come in the same message as the answer."""
        view.begin(at, after, followed["head"], recovered=followed["recovered"], reason=followed["reason"])
        self.shut_out.discard(view.topic)
        if view is self.community:
            self.onlooker.begin()


@lru_cache(maxsize=2_048)
def frames_of(message: str | bytes) -> tuple[Frame, ...]:
    """Decode a WebSocket message; all followers of a topic get the same bytes, and this program is many of them."""
    if isinstance(message, str):
        return tuple(msgspec.json.decode(line) for line in message.split("\n"))
    unpacker = msgpack.Unpacker()
    unpacker.feed(message)
    return tuple(unpacker)
