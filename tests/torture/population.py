"""Everybody of a run: who follows, who talks, who knocks at doors that stay shut, and the moderator who removes and lets in again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from typing import Any

import httpx
import msgspec

from tests.torture.client import Client, Route
from tests.torture.history import Ack, Edit, History, Removal, Sent, Snapshot, View, Violation
from tests.torture.people import Cast, Person
from tests.web_sockets import Disconnected, Problem

ROOMS_EACH = 3
REST_SECONDS = 8.0
SNAPSHOT_PAGES = 20
LONG_BODY = 3_500
EDITED = 0.05
ABSENT_SECONDS = (0.5, 4.0)
BETWEEN_REMOVALS_SECONDS = (0.3, 1.5)
DONE = (200, 201, 204)


class Size(msgspec.Struct, frozen=True):
    """How many take part, and how much they say (messages per second of all together)."""

    members: int
    devices: int
    outsiders: int
    rooms: int
    messages_per_second: float


class Population:
    """All of them. `start` lets them come, `quiet_down` ends the talk and waits for every answer.

    While `silent`, nobody begins to say anything: no later message then tells that one was missed.
    """

    def __init__(self, cast: Cast, size: Size, route: Route, rest: list[str], seed: int) -> None:
        self.history = History()
        self.counts: Counter[str] = Counter()
        self._cast = cast
        self._size = size
        self._rest = rest
        self._chance = random.Random(seed)
        self.clients = [self._device(number, route) for number in range(size.devices)]
        self.outsiders = [
            Client(f"{person.name}", person, cast.rooms, route, random.Random(f"{seed} {person.name}"))
            for person in cast.outsiders
        ]
        self._http = httpx.AsyncClient(trust_env=False, timeout=REST_SECONDS)
        self._presence: list[asyncio.Task[None]] = []
        self._talks: set[asyncio.Task[None]] = set()
        self._errands: set[asyncio.Task[None]] = set()
        self._moderating: asyncio.Task[None] | None = None
        self._talking: asyncio.Task[None] | None = None
        self.silent = False
        self._over = False

    def _device(self, number: int, route: Route) -> Client:
        person = self._cast.members[number % len(self._cast.members)]
        chance = random.Random(f"{self._chance.random()} {number}")
        start = number % len(self._cast.members)
        rooms = [self._cast.rooms[(start + step) % len(self._cast.rooms)] for step in range(ROOMS_EACH)]
        client = Client(f"{person.name}/{number}", person, dict.fromkeys(rooms), route, chance)
        client.on_resync = self._take_snapshot_later
        return client

    async def start(self, within: float) -> None:
        """Let everybody connect and follow. Raises `TimeoutError`."""
        for client in (*self.clients, *self.outsiders):
            self._presence.append(asyncio.create_task(client.run()))
            await asyncio.sleep(0.01)
        async with asyncio.timeout(within):
            await asyncio.gather(*(client.live.wait() for client in (*self.clients, *self.outsiders)))
        self._talking = asyncio.create_task(self._keep_talking())
        self._moderating = asyncio.create_task(self._keep_removing())

    async def all_live(self, within: float) -> list[str]:
        """Wait until everybody is connected and follows what they may, all at once; return the names of who is not after so long."""
        deadline = time.monotonic() + within
        while away := [client.name for client in self.clients if not client.live.is_set()]:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.1)
        return away

    def cursors(self) -> Iterator[tuple[str, int | None]]:
        """Yield how far every client has come in every room."""
        for client in self.clients:
            yield from ((topic, view.cursor) for topic, view in client.views.items())

    async def acknowledged_again(self, within: float) -> bool:
        """Wait until a message that nobody has sent yet is acknowledged; tell whether that was so in time."""
        probe = self.say(self._chance.choice(self.clients))
        done, _ = await asyncio.wait([probe], timeout=within)
        return bool(done)

    async def quiet_down(self, within: float) -> None:
        """Let the moderator undo what is under way and everybody hear their last answers; who gets none is a violation."""
        self._over = True
        tasks = [task for task in (self._talking, self._moderating) if task is not None]
        _, unfinished = await asyncio.wait([*tasks, *self._talks, *self._errands], timeout=within)
        if unfinished:
            self.history.violations.append(
                Violation("never answered", f"{len(unfinished)} calls had no answer {within:g} s after the last fault")
            )

    async def leave(self) -> None:
        """Close everything and hand all records to the history."""
        ours = [*self._presence, *self._talks, *self._errands]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        await self._http.aclose()
        for client in self.clients:
            self.history.views.extend(client.views.values())
            self.history.refusals.extend(client.refusals)
        for client in self.outsiders:
            self.history.outsiders.extend(client.views.values())

    def totals(self) -> Counter[str]:
        """Return the counts so far of everybody together."""
        total = Counter(self.counts)
        for client in self.clients:
            total.update(client.counts)
        return total

    # Talk ------------------------------------------------------------------------------------------------------------

    async def _keep_talking(self) -> None:
        while not self._over:
            await asyncio.sleep(self._chance.expovariate(self._size.messages_per_second))
            if self.silent:
                continue
            self.say(self._chance.choice(self.clients))
            if self._chance.random() < 0.05:
                self.say(self._chance.choice(self.outsiders))

    def shout(self, amount: int) -> None:
        """Let somebody say many long things at once in one room."""
        speakers = [self._chance.choice(self.clients) for _ in range(amount)]
        topic = next(iter(speakers[0].views))
        for speaker in speakers:
            if topic in speaker.views:
                self.say(speaker, topic, "x" * LONG_BODY)

    def say(self, client: Client, topic: str = "", text: str = "") -> asyncio.Task[None]:
        """Let a client say something, and say it again until it has an answer; the task ends with that."""
        topic = topic or self._chance.choice(list(client.views))
        nonce = secrets.token_hex(12)
        body = f"{nonce} {text or 'la ' * self._chance.randrange(1, 25)}".strip()
        sent = Sent(nonce=nonce, topic=topic, user=client.person.user, body=body, first_at=0.0)
        task = asyncio.create_task(self._insist(client, sent))
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        return task

    async def _insist(self, client: Client, sent: Sent) -> None:
        room = sent.topic.partition(":")[2]
        asked_at = time.monotonic()
        while True:
            await client.live.wait()
            self._note_attempt(sent)
            try:
                answer = await client.command("message.send", room=room, body=sent.body, nonce=sent.nonce)
            except Problem as problem:
                if not problem.retryable:
                    client.refuse(sent.topic, asked_at, "message.send", problem)
                    return
                await asyncio.sleep(problem.body["retry_after"] or 0.2)
            except (Disconnected, TimeoutError):
                await asyncio.sleep(0.1)
            else:
                ack = Ack(sent.nonce, answer["topic"], answer["seq"], answer["id"])
                self.history.acks.append(ack)
                self.counts["acked"] += 1
                if self._chance.random() < EDITED:
                    await self._edit_once(client, ack)
                return

    async def _edit_once(self, client: Client, ack: Ack) -> None:
        """Give a message another body; without an answer nobody knows, and nobody minds."""
        edit = Edit(ack.topic, ack.id, f"{ack.nonce} edited")
        with contextlib.suppress(Problem, Disconnected, TimeoutError):
            await client.command("message.edit", message=edit.id, body=edit.body)
            self.history.edits.append(edit)

    def _note_attempt(self, sent: Sent) -> None:
        if sent.attempts == 0:
            sent.first_at = time.monotonic()
            self.history.sent[sent.nonce] = sent
        else:
            self.counts["retried sends"] += 1
        sent.attempts += 1

    # Removals --------------------------------------------------------------------------------------------------------

    async def _keep_removing(self) -> None:
        while not self._over:
            await asyncio.sleep(self._chance.uniform(*BETWEEN_REMOVALS_SECONDS))
            if self.silent:
                continue
            client = self._chance.choice(self.clients)
            await self._remove_and_let_in(client.person, self._chance.choice(list(client.views)))

    async def _remove_and_let_in(self, person: Person, topic: str) -> None:
        path = f"rooms/{topic.partition(':')[2]}/members"
        removal = Removal(user=person.user, topic=topic, asked_at=time.monotonic())
        self.history.removals.append(removal)
        await self._until_done("DELETE", f"{path}/{person.user}", (*DONE, 404))
        removal.done_at = time.monotonic()
        await asyncio.sleep(self._chance.uniform(*ABSENT_SECONDS))
        removal.back_asked_at = time.monotonic()
        await self._until_done("POST", path, DONE, {"user_id": person.user})
        removal.back_done_at = time.monotonic()
        self.counts["removals"] += 1

    async def _until_done(self, method: str, path: str, done: tuple[int, ...], body: Any = None) -> None:
        """Call as the moderator until it is done; a second try finds what the first has done already."""
        while True:
            answer = await self._request(self._cast.moderator, method, path, body)
            if answer is not None and answer.status_code in done:
                return
            await asyncio.sleep(0.3)

    async def _request(self, person: Person, method: str, path: str, body: Any = None) -> httpx.Response | None:
        """Make a REST request to any gateway; None without an answer."""
        url = f"{self._chance.choice(self._rest)}/api/v1/{path}"
        headers = {"Authorization": f"Bearer {person.token()}"}
        try:
            return await self._http.request(method, url, json=body, headers=headers)
        except httpx.HTTPError:
            return None

    # Snapshots -------------------------------------------------------------------------------------------------------

    def _take_snapshot_later(self, client: Client, view: View, head: int) -> None:
        self.counts["snapshots"] += 1
        self._errand(self._take_snapshot(client, view, head))

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _take_snapshot(self, client: Client, view: View, head: int) -> None:
        """Read the newest messages of a room; who is removed meanwhile has nothing to read."""
        path = f"rooms/{view.topic.partition(':')[2]}/messages?limit=100"
        for _ in range(SNAPSHOT_PAGES):
            answer = await self._request(client.person, "GET", path)
            if answer is not None and answer.status_code in (403, 404):
                return
            if answer is not None and answer.is_success:
                self._keep_snapshot(view, head, answer.json())
                return
            await asyncio.sleep(0.3)

    def _keep_snapshot(self, view: View, head: int, page: dict[str, Any]) -> None:
        if page["head"] < head:
            self.history.violations.append(
                Violation("old snapshot", f"{view.client} on {view.topic}: at {page['head']}, the follow was at {head}")
            )
        items = page["items"]
        low = items[-1]["seq"] - 1 if page["next"] and items else 0
        view.snapshots.append(Snapshot(page["head"], low, frozenset(item["id"] for item in items)))
