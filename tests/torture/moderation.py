"""The owner of the community, who tells news, and removes people from a room or from everything, bans them, and lets them in again."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence

from tests.torture.client import Client
from tests.torture.history import History, Removal, Sent
from tests.torture.people import Cast, Person
from tests.torture.rest import Rest

ABSENT_SECONDS = (0.5, 4.0)
BETWEEN_REMOVALS_SECONDS = (0.3, 1.5)
BETWEEN_NEWS_SECONDS = (0.5, 1.5)
WHOLE_COMMUNITY = 0.4
BANS = 0.5
DONE = (200, 201, 204)

Removed = Callable[[Client, Removal], None]


class Moderation:
    """Runs until `over`; nothing new begins while `silent`. One person at a time is away, so that absences have an order."""

    def __init__(
        self, cast: Cast, rest: Rest, history: History, counts: Counter[str], chance: random.Random, removed: Removed
    ) -> None:
        self.silent = False
        self.over = False
        self._cast = cast
        self._rest = rest
        self._history = history
        self._counts = counts
        self._chance = chance
        self._removed = removed

    async def keep_removing(self, clients: Sequence[Client]) -> None:
        """Take places away and give them back."""
        while not self.over:
            await asyncio.sleep(self._chance.uniform(*BETWEEN_REMOVALS_SECONDS))
            if self.silent:
                continue
            client = self._chance.choice(clients)
            if self._chance.random() < WHOLE_COMMUNITY:
                await self._from_the_community(client, ban=self._chance.random() < BANS)
            else:
                await self._from_a_room(client, self._chance.choice(client.rooms))

    async def keep_telling_news(self) -> None:
        """Change the community's description, each time to a text that was never there."""
        topic = f"community:{self._cast.community}"
        while not self.over:
            await asyncio.sleep(self._chance.uniform(*BETWEEN_NEWS_SECONDS))
            if self.silent:
                continue
            nonce = secrets.token_hex(12)
            self._history.sent[nonce] = Sent(
                nonce=nonce, topic=topic, user=self._cast.moderator.user, body=nonce, first_at=time.monotonic()
            )
            await self._do("PATCH", f"communities/{self._cast.community}", {"description": nonce})
            self._counts["news"] += 1

    async def _from_a_room(self, client: Client, topic: str) -> None:
        members, user = f"rooms/{topic.partition(':')[2]}/members", client.person.user
        removal = self._begin(client.person, topic)
        await self._do("DELETE", f"{members}/{user}")
        await self._absence(client, removal)
        await self._do("POST", members, {"user_id": user})
        self._end(removal, "removals")

    async def _from_the_community(self, client: Client, *, ban: bool) -> None:
        members, person = f"communities/{self._cast.community}/members", client.person
        rooms = (f"room:{room}" for room in self._cast.rooms)
        removal = self._begin(person, f"community:{self._cast.community}", *rooms)
        if ban:
            await self._do("POST", f"{members}/{person.user}/ban")
        else:
            await self._do("DELETE", f"{members}/{person.user}")
        await self._absence(client, removal)
        if ban:
            await self._do("DELETE", f"{members}/{person.user}/ban")
        await self._do("POST", members, {"username": person.name})
        self._end(removal, "bans" if ban else "removals from everything")

    def _begin(self, person: Person, *topics: str) -> Removal:
        removal = Removal(user=person.user, topics=frozenset(topics), asked_at=time.monotonic())
        self._history.removals.append(removal)
        return removal

    async def _absence(self, client: Client, removal: Removal) -> None:
        removal.done_at = time.monotonic()
        self._removed(client, removal)
        await asyncio.sleep(self._chance.uniform(*ABSENT_SECONDS))
        removal.back_asked_at = time.monotonic()

    def _end(self, removal: Removal, count: str) -> None:
        removal.back_done_at = time.monotonic()
        self._counts[count] += 1

    async def _do(self, method: str, path: str, body: object = None) -> None:
        await self._rest.until_done(self._cast.moderator, method, path, DONE, body)
