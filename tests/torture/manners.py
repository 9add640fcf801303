"""What people let others see beside what they say: that they type, and a text that they are shown with."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Coroutine, Sequence
from typing import Any

from tests.torture.client import Client
from tests.torture.history import History, Removal, Violation
from tests.torture.whisper_checker import FRESH_SECONDS
from tests.torture.whispers import OFFLINE, ONLINE, Portrait, Shown, Typing
from tests.web_sockets import Disconnected, Problem

TYPINGS_PER_SECOND = 3.0
PORTRAITS_PER_SECOND = 1.5
KNOCKS = 0.1
SHOWN_COMPLAINTS = 3


class Manners:
    """Runs until `over`; nothing new begins while `silent`. Knows what everybody must be shown as when all is calm."""

    def __init__(
        self,
        clients: Sequence[Client],
        outsiders: Sequence[Client],
        history: History,
        counts: Counter[str],
        chance: random.Random,
    ) -> None:
        self.silent = False
        self.over = False
        self.gone: set[str] = set()
        self._clients = clients
        self._outsiders = outsiders
        self._history = history
        self._counts = counts
        self._chance = chance
        self._texts: dict[str, str] = {}
        self._setting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._typed_at: dict[tuple[str, str], float] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def keep_typing(self) -> None:
        """Let somebody type somewhere, now and then an outsider, who also tries to look at members."""
        while not self.over:
            await asyncio.sleep(self._chance.expovariate(TYPINGS_PER_SECOND))
            if self.silent:
                continue
            client = self._chance.choice(self._clients)
            self._begin(self._type(client, self._chance.choice(client.rooms)))
            if self._chance.random() < KNOCKS:
                self._begin(self._knock(self._chance.choice(self._outsiders)))

    async def keep_changing(self) -> None:
        """Let somebody be shown with another text."""
        while not self.over:
            await asyncio.sleep(self._chance.expovariate(PORTRAITS_PER_SECOND))
            if not self.silent:
                self._begin(self._change(self._chance.choice(self._clients)))

    def test_removal(self, removed: Client, removal: Removal) -> None:
        """Somebody has just lost something: type there and change, so that it would be seen if they still heard."""
        for topic in removal.topics.intersection(removed.rooms):
            if typist := self._fresh_typist(topic, removed):
                self._begin(self._type(typist, topic))
        if removed.community.topic in removal.topics:
            looked_at = [one for one in self._clients if one.person.user in removed.onlooker.wanted]
            self._begin(self._change(self._chance.choice(looked_at)))
            self._begin(self._change(removed))

    def complaints(self) -> list[str]:
        """Return who is shown a person as something else than what they are."""
        return [
            f"{client.name} is shown {user} as {client.onlooker.shown.get(user)}"
            for client in self._clients
            if client.person.user not in self.gone
            for user in client.onlooker.wanted
            if client.onlooker.shown.get(user) != self._truth(user)
        ][:SHOWN_COMPLAINTS]

    async def finished(self, within: float) -> int:
        """Wait for what is under way; return how much of it still is."""
        if not self._under_way:
            return 0
        _, unfinished = await asyncio.wait(self._under_way, timeout=within)
        return len(unfinished)

    def stop(self) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            task.cancel()

    def _truth(self, user: str) -> Shown:
        return Shown(OFFLINE) if user in self.gone else Shown(ONLINE, self._texts.get(user, ""))

    def _fresh_typist(self, topic: str, removed: Client) -> Client | None:
        """Return somebody who has not typed there for so long that what is heard of it now was typed now."""
        stale = time.monotonic() - 2 * FRESH_SECONDS
        fresh = [
            client
            for client in self._clients
            if topic in client.rooms
            and client.live.is_set()
            and client.person.user != removed.person.user
            and self._typed_at.get((topic, client.person.user), 0.0) < stale
        ]
        return self._chance.choice(fresh) if fresh else None

    async def _type(self, client: Client, topic: str) -> None:
        """Tell a room that somebody types; without an answer nobody knows, and nobody minds."""
        if not client.live.is_set():
            return
        user, asked_at = client.person.user, time.monotonic()
        self._typed_at[topic, user] = asked_at
        self._history.typings.append(Typing(user, topic, asked_at))
        try:
            await client.command("typing.start", room=topic.partition(":")[2])
            self._counts["typings"] += 1
        except Problem as problem:
            if not problem.retryable:
                client.refuse(topic, asked_at, "typing.start", problem)
        except (Disconnected, TimeoutError):
            return

    async def _change(self, client: Client) -> None:
        """Let a person be shown with a new text, and insist until that is so; one change of each person at a time."""
        user = client.person.user
        async with self._setting[user]:
            portrait = Portrait(user, secrets.token_hex(8), time.monotonic())
            self._history.portraits[portrait.text] = portrait
            while True:
                await client.live.wait()
                try:
                    await client.command("presence.set", custom={"text": portrait.text})
                except Problem as problem:
                    await asyncio.sleep(problem.body["retry_after"] or 0.2)
                except (Disconnected, TimeoutError):
                    await asyncio.sleep(0.1)
                else:
                    self._texts[user] = portrait.text
                    self._counts["portraits"] += 1
                    return

    async def _knock(self, outsider: Client) -> None:
        """Let an outsider type and look; both must be refused."""
        community = outsider.community.topic.partition(":")[2]
        wanted = [self._chance.choice(self._clients).person.user]
        room = self._chance.choice(outsider.rooms)
        await self._must_not(outsider, "typing.start", room=room.partition(":")[2])
        await self._must_not(outsider, "presence.watch", community=community, users=wanted)

    async def _must_not(self, outsider: Client, command: str, **body: object) -> None:
        with contextlib.suppress(Problem, Disconnected, TimeoutError):
            await outsider.command(command, **body)
            self._history.violations.append(Violation("not a member", f"{outsider.name} was granted {command}"))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
