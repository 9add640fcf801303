"""Everybody of a run: who follows and talks. What they whisper is in manners, what the owner does to them in moderation."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from typing import Any

import msgspec

from tests.torture.client import Client, Places, Route
from tests.torture.history import Ack, Edit, History, Sent, Snapshot, View, Violation
from tests.torture.manners import Manners
from tests.torture.moderation import Moderation
from tests.torture.people import Cast
from tests.torture.rest import Rest
from tests.web_sockets import Disconnected, Problem

ROOMS_EACH = 3
LOOKED_AT = 6
SNAPSHOT_PAGES = 20
LONG_BODY = 3_500
EDITED = 0.05
LEAVERS = 0.25


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
        self._chance = random.Random(seed)
        self.clients = [self._device(number, route) for number in range(size.devices)]
        everywhere = Places(cast.community, tuple(cast.rooms))
        self.outsiders = [
            Client(f"{person.name}", person, everywhere, route, random.Random(f"{seed} {person.name}"))
            for person in cast.outsiders
        ]
        self._rest = Rest(rest, random.Random(f"{seed} rest"))
        chances = [random.Random(f"{seed} {name}") for name in ("manners", "moderation")]
        self._manners = Manners(self.clients, self.outsiders, self.history, self.counts, chances[0])
        self._moderation = Moderation(
            cast, self._rest, self.history, self.counts, chances[1], self._manners.test_removal
        )
        self._stays: dict[Client, asyncio.Task[None]] = {}
        self._habits: list[asyncio.Task[None]] = []
        self._talks: set[asyncio.Task[None]] = set()
        self._errands: set[asyncio.Task[None]] = set()
        self._silent = False
        self._over = False

    @property
    def silent(self) -> bool:
        """Whether nobody begins anything."""
        return self._silent

    @silent.setter
    def silent(self, silent: bool) -> None:
        self._silent = self._moderation.silent = self._manners.silent = silent

    def _device(self, number: int, route: Route) -> Client:
        person = self._cast.members[number % len(self._cast.members)]
        chance = random.Random(f"{self._chance.random()} {number}")
        start = number % len(self._cast.members)
        rooms = [self._cast.rooms[(start + step) % len(self._cast.rooms)] for step in range(ROOMS_EACH)]
        places = Places(self._cast.community, tuple(dict.fromkeys(rooms)))
        others = [other.user for other in chance.sample(self._cast.members, LOOKED_AT)]
        client = Client(f"{person.name}/{number}", person, places, route, chance, others)
        client.on_resync = self._take_snapshot_later
        return client

    async def start(self, within: float) -> None:
        """Let everybody connect and follow. Raises `TimeoutError`."""
        for client in (*self.clients, *self.outsiders):
            self._stays[client] = asyncio.create_task(client.run())
            await asyncio.sleep(0.01)
        async with asyncio.timeout(within):
            await asyncio.gather(*(client.live.wait() for client in (*self.clients, *self.outsiders)))
        habits = (
            self._keep_talking(),
            self._moderation.keep_removing(self.clients),
            self._moderation.keep_telling_news(),
            self._moderation.keep_reviewing(),
            self._manners.keep_typing(),
            self._manners.keep_changing(),
        )
        self._habits = [asyncio.create_task(habit) for habit in habits]

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
        self._over = self._moderation.over = self._manners.over = True
        _, unfinished = await asyncio.wait([*self._habits, *self._talks, *self._errands], timeout=within)
        left = len(unfinished) + await self._manners.finished(within)
        if left:
            self.history.violations.append(
                Violation("never answered", f"{left} calls had no answer {within:g} s after the last fault")
            )

    async def let_some_go(self) -> None:
        """Let some people go for good, with all their devices."""
        members = self._cast.members
        self._manners.gone = {one.user for one in self._chance.sample(members, int(len(members) * LEAVERS))}
        ended = [stay for client, stay in self._stays.items() if client.person.user in self._manners.gone]
        for stay in ended:
            stay.cancel()
        await asyncio.gather(*ended, return_exceptions=True)

    async def shown_truly(self, within: float) -> list[str]:
        """Wait until everybody is shown everybody they look at as what they are; return some who are not after so long."""
        deadline = time.monotonic() + within
        while complaints := self._manners.complaints():
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.2)
        return complaints

    async def leave(self) -> None:
        """Close everything and hand all records to the history."""
        ours = [*self._stays.values(), *self._habits, *self._talks, *self._errands]
        for task in ours:
            task.cancel()
        self._manners.stop()
        await asyncio.gather(*ours, return_exceptions=True)
        await self._rest.close()
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
        topic = speakers[0].rooms[0]
        for speaker in speakers:
            if topic in speaker.rooms:
                self.say(speaker, topic, "x" * LONG_BODY)

    def say(self, client: Client, topic: str = "", text: str = "") -> asyncio.Task[None]:
        """Let a client say something, and say it again until it has an answer; the task ends with that."""
        topic = topic or self._chance.choice(client.rooms)
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

    # Snapshots -------------------------------------------------------------------------------------------------------

    def _take_snapshot_later(self, client: Client, view: View, head: int) -> None:
        if view is client.community:  # it has no history over REST
            return
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
            answer = await self._rest.request(client.person, "GET", path)
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
