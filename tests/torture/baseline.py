"""The same check for the tutorial's Channels consumer: it must be found to lose messages, or a clean run of ours proves nothing.

Its clients are better than the tutorial's: after a break they ask for the history behind the newest message they have. And what they
hear is put in order before it is judged, so that only messages that never came count.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import msgspec
import psycopg
from redis import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.load import Plan
from bench.peers.baseline.contestant import Baseline
from bench.servers import Services, services
from tests.torture.checker import Verdict, judge
from tests.torture.history import History, Row, Sent, Truth, View

LAYERS = ("core", "pubsub")
CLIENTS = 12
TALK_SECONDS = 0.03
CALM_SECONDS = 1.5
OPEN_SECONDS = 60.0


class Contestant:
    """A client of the tutorial: comes back after every break, and keeps what it heard by the message's id."""

    def __init__(self, plan: Plan, number: int) -> None:
        self.name = f"client {number}"
        self.heard: dict[int, dict[str, Any]] = {}
        self.live = asyncio.Event()
        self._room = plan.rooms[0]
        self._place = f"127.0.0.1:{plan.port}"
        self._headers = {"Cookie": f"sessionid={plan.tokens[number]}"}
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        """Be there until cancelled."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, httpx.HTTPError, TimeoutError):
                await self._be_connected()
            self.live.clear()
            await asyncio.sleep(0.2)

    async def say(self, body: str) -> None:
        """Send a message, if there is a socket."""
        with contextlib.suppress(WebSocketException):
            if self._socket is not None and self.live.is_set():
                await self._socket.send(msgspec.json.encode({"message": body}).decode())

    async def _be_connected(self) -> None:
        url = f"ws://{self._place}/ws/chat/{self._room}/"
        async with connect(url, additional_headers=self._headers, compression=None, proxy=None) as socket:
            self._socket = socket
            await self._catch_up()
            self.live.set()
            async for message in socket:
                self._hear(msgspec.json.decode(message))

    async def _catch_up(self) -> None:
        if not self.heard:
            return
        async with httpx.AsyncClient(trust_env=False, headers=self._headers, timeout=10) as client:
            url = f"http://{self._place}/history/{self._room}/?after={max(self.heard)}"
            for item in (await client.get(url)).raise_for_status().json()["items"]:
                self._hear({"id": item["id"], "author": item["author__username"], "message": item["body"]})

    def _hear(self, message: dict[str, Any]) -> None:
        self.heard[message["id"]] = message


class Group(msgspec.Struct):
    """The clients on one channel layer, and what they sent, by body."""

    contestants: list[Contestant]
    sent: dict[str, Sent]


def losses_of_baseline() -> dict[str, Verdict]:
    """Return what is found on each of its two channel layers, which suffer at the same time."""
    with services(core=None) as running:
        groups = {layer: _group(running, layer) for layer in LAYERS}
        asyncio.run(_play(running, list(groups.values())))
        return {layer: _judged(group, running, f"bench_baseline_{layer}") for layer, group in groups.items()}


def _group(running: Services, layer: str) -> Group:
    plan = Baseline(running, layer).plan(CLIENTS, CLIENTS)
    return Group([Contestant(plan, number) for number in range(CLIENTS)], {})


async def _play(running: Services, groups: Sequence[Group]) -> None:
    """Talk while Redis restarts, and while it loses what it knows; then talk on in peace, so that nobody is judged by a last message."""
    tasks = [asyncio.create_task(contestant.run()) for group in groups for contestant in group.contestants]
    await _everybody_live(groups)
    talks = [asyncio.create_task(_talk(group)) for group in groups]
    await asyncio.sleep(CALM_SECONDS)
    running.redis.child.kill()
    await asyncio.sleep(0.3)
    running.redis.child.start()
    await asyncio.sleep(2 * CALM_SECONDS)
    with Redis.from_url(running.redis.url) as redis:
        for _ in range(5):
            redis.client_kill_filter(_type="pubsub")
            await asyncio.sleep(CALM_SECONDS / 5)
        redis.flushall()
    await asyncio.sleep(2 * CALM_SECONDS)
    for talk in talks:
        talk.cancel()
    await _everybody_live(groups)
    await asyncio.sleep(2 * CALM_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*talks, *tasks, return_exceptions=True)


async def _everybody_live(groups: Sequence[Group]) -> None:
    """Wait until every client is connected and has read what it missed. Raises `TimeoutError`."""
    async with asyncio.timeout(OPEN_SECONDS):
        await asyncio.gather(*(contestant.live.wait() for group in groups for contestant in group.contestants))


async def _talk(group: Group) -> None:
    for number in itertools.count():
        contestant = group.contestants[number % len(group.contestants)]
        body = f"line {number}"
        group.sent[body] = Sent(nonce=body, topic="room", user="", body=body, first_at=time.monotonic())
        await contestant.say(body)
        await asyncio.sleep(TALK_SECONDS)


def _judged(group: Group, running: Services, database: str) -> Verdict:
    """Number the rows of its table as our log numbers events, and judge."""
    with psycopg.connect(running.postgres.url.rpartition("/")[0] + f"/{database}") as connection:
        rows = connection.execute("SELECT id, body FROM chat_message ORDER BY id").fetchall()
    places = {pk: seq for seq, (pk, _) in enumerate(rows, start=1)}
    history = History()
    history.sent = group.sent
    history.views = [_view(contestant, places) for contestant in group.contestants]
    log = (("room", Row(place, "message.created", _data(body))) for place, (_, body) in enumerate(rows, 1))
    return judge(history, Truth(log))


def _view(contestant: Contestant, places: Mapping[int, int]) -> View:
    view = View(contestant.name, contestant.name, "room")
    view.begin(0.0, None, 0, recovered=True)
    for pk in sorted(contestant.heard.keys() & places.keys()):
        view.hear(_frame(places[pk], contestant.heard[pk]["message"]), 0.0)
    return view


def _frame(seq: int, body: str) -> dict[str, Any]:
    return {"t": "message.created", "seq": seq, "d": _data(body)}


def _data(body: str) -> dict[str, Any]:
    return {"message": {"nonce": body, "body": body, "author": {"id": ""}}}
