"""The replay itself: everybody connects, follows the room, says their lines as their own acks allow, and hears everybody's."""

from __future__ import annotations

import asyncio
import secrets
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import httpx
import msgspec
from websockets.exceptions import WebSocketException

from tests.replay.cast import Cast, Member, socket_url
from tests.replay.verdict import Heard, Line, complaints
from tests.socket_client import SocketClient
from tests.web_sockets import Disconnected, Frame, Problem

CONNECTS_AT_ONCE = 20
CONNECT_SECONDS = 300.0
PATIENCE_SECONDS = 30.0
RENEW_SECONDS = 200.0


class Refused(Exception):
    """The server does not let somebody take part; the message is one sentence."""


class Result(msgspec.Struct):
    """What came out. Latencies are sorted, in seconds: from the first attempt to the ack, and to each member's arrival."""

    lines: int
    unsayable: int
    sockets: int
    processes: int
    seconds: float
    deliveries: int
    ack_latencies: Sequence[float]
    delivery_latencies: Sequence[float]
    breaks: int
    limits: Counter[str]
    complaints: list[str]


class Replay:
    """One run. At full speed an author's next line goes out when the one before is acknowledged; authors do not wait for each other."""

    def __init__(self, cast: Cast, urls: Sequence[str], *, lines_per_second: float | None) -> None:
        self._cast = cast
        self._urls = [socket_url(url) for url in urls]
        self._pause = 1 / lines_per_second if lines_per_second else 0.0
        self._nonce = secrets.token_hex(6)
        self._http = httpx.AsyncClient(base_url=urls[0], trust_env=False, timeout=30)
        self._clients: dict[str, SocketClient] = {}
        self._heard: dict[str, list[Heard]] = {member.nick: [] for member in cast.members}
        self._sent_at: dict[int, float] = {}
        self._acks: dict[int, int] = {}
        self._failures: list[str] = []
        self._limits: Counter[str] = Counter()
        self._ack_latencies = array("d")
        self._delivery_latencies = array("d")
        self._heard_at = 0.0

    async def run(self) -> Result:
        """Replay the log and judge. Raises `Refused`."""
        async with self._http:
            try:
                await self._gather()
                processes = await asyncio.to_thread(self._cast.processes)
                began = time.monotonic()
                await self._speak()
                await self._listen_to_the_end()
                return self._result(processes, max(self._heard_at, began + 1e-9) - began)
            finally:
                await asyncio.gather(*(client.close() for client in self._clients.values()))

    async def _gather(self) -> None:
        """Let everybody connect and follow the room before the first word is said."""
        gate = asyncio.Semaphore(CONNECTS_AT_ONCE)

        async def arrive(number: int, member: Member) -> None:
            urls = self._urls[number % len(self._urls) :] + self._urls[: number % len(self._urls)]
            client = SocketClient(urls, lambda: self._token(member))
            client.on_event = self._ear_of(member)
            async with gate:
                await _patiently(client)
            self._clients[member.nick] = client
            await client.follow(self._cast.topic)

        try:
            async with asyncio.timeout(CONNECT_SECONDS), asyncio.TaskGroup() as tasks:
                for number, member in enumerate(self._cast.members):
                    tasks.create_task(arrive(number, member))
        except* Problem as problems:
            first = problems.exceptions[0]
            hint = " Are DATABASE_URL, REDIS_URL and SECRET_KEY those of the server?" if "auth." in str(first) else ""
            raise Refused(f"The server does not let everybody in ({first}).{hint}") from None
        except* (TimeoutError, Disconnected, OSError, WebSocketException) as errors:
            raise Refused(f"Not everybody could connect ({errors.exceptions[0]!r}).") from None

    async def _token(self, member: Member) -> str:
        """Return an access token of the member that is good for a while."""
        while time.monotonic() - member.signed_in_at > RENEW_SECONDS:
            answer = await self._http.post("/api/v1/auth/refresh", json={"refresh": member.refresh})
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            pair = answer.raise_for_status().json()
            member.access, member.refresh, member.signed_in_at = pair["access"], pair["refresh"], time.monotonic()
        return member.access

    async def _speak(self) -> None:
        """Let everybody say their lines, in the order of the file, each at its time when a speed was asked for."""
        by_author: dict[str, list[tuple[float, Line]]] = defaultdict(list)
        for number, line in enumerate(self._cast.lines):
            by_author[line.person].append((number * self._pause, line))
        began = time.monotonic()
        await asyncio.gather(*(self._say_all(nick, began, lines) for nick, lines in by_author.items()))

    async def _say_all(self, nick: str, began: float, lines: Sequence[tuple[float, Line]]) -> None:
        for due, line in lines:
            await asyncio.sleep(max(0.0, began + due - time.monotonic()))
            self._sent_at[line.number] = sent_at = time.monotonic()
            try:
                ack = await self._clients[nick].say(
                    str(self._cast.room_id), line.body, f"{self._nonce}:{line.number}", on_problem=self._note_limit
                )
            except (Problem, TimeoutError) as error:
                self._failures.append(f"line {line.number} of {nick} was not taken: {error!r}")
                continue
            self._ack_latencies.append(time.monotonic() - sent_at)
            self._acks[line.number] = ack["seq"]

    def _note_limit(self, problem: Problem) -> None:
        if problem.code == "rate.limited":
            self._limits[problem.body["limit"] or "unknown"] += 1

    def _ear_of(self, member: Member) -> Callable[[Frame], None]:
        heard = self._heard[member.nick]
        prefix = f"{self._nonce}:"

        def hear(frame: Frame) -> None:
            if frame["t"] != "message.created":
                return
            message = frame["d"]["message"]
            if message["nonce"].startswith(prefix):
                line = int(message["nonce"][len(prefix) :])
                self._heard_at = time.monotonic()
                self._delivery_latencies.append(self._heard_at - self._sent_at[line])
                heard.append(Heard(frame["seq"], line, message["author"]["id"], message["body"]))

        return hear

    async def _listen_to_the_end(self) -> None:
        """Return when everybody heard as many lines as were acknowledged, or when nothing more comes for a long time."""
        last = time.monotonic()
        while any(len(got) < len(self._acks) for got in self._heard.values()):
            if time.monotonic() - max(last, self._heard_at) > PATIENCE_SECONDS:
                return
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)  # time for what should not come any more

    def _result(self, processes: int, seconds: float) -> Result:
        cast = self._cast
        authors = {member.nick: member.user_id for member in cast.members}
        found = [*self._failures, *complaints(cast.lines, authors, self._acks, self._heard)]
        for nick, client in self._clients.items():
            found += [f"{nick}: {violation}" for violation in client.violations]
            found += [f"{nick} could not resume {topic} ({reason})" for topic, reason in client.lost]
        return Result(
            lines=len(cast.lines),
            unsayable=cast.unsayable,
            sockets=len(self._clients),
            processes=processes,
            seconds=seconds,
            deliveries=len(self._delivery_latencies),
            ack_latencies=sorted(self._ack_latencies),
            delivery_latencies=sorted(self._delivery_latencies),
            breaks=sum(len(client.closes) for client in self._clients.values()),
            limits=self._limits,
            complaints=found,
        )


async def _patiently(client: SocketClient) -> None:
    """Open a socket; wait where the server asks for patience."""
    while True:
        try:
            await client.open(reconnect=True)
        except Problem as problem:
            if not problem.retryable:
                raise
            await asyncio.sleep(problem.body["retry_after"] or 1)
        except (WebSocketException, TimeoutError):
            await asyncio.sleep(1)
        else:
            return
