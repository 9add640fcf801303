"""The owner of the community, who tells news, takes places away and gives them back: by removals, bans and a gate."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence

import httpx

from tests.torture.client import Client
from tests.torture.history import History, Removal, Sent
from tests.torture.people import PASS, Cast, Person
from tests.torture.rest import Rest

ABSENT_SECONDS = (0.5, 4.0)
BETWEEN_REMOVALS_SECONDS = (0.3, 1.5)
BETWEEN_NEWS_SECONDS = (0.5, 1.5)
BETWEEN_REVIEWS_SECONDS = (4.0, 8.0)
WHOLE_COMMUNITY = 0.4
BANS = 0.5
GATES = 0.6
BY_ROLE = 0.5
SPARE = "room.open_direct"
"""A permission that the crew's role has and has not, by turns; everybody has it by another role, so nobody loses a topic."""
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
            elif self._gated in client.rooms and self._chance.random() < GATES:
                await self._by_the_gate(client, by_role=self._chance.random() < BY_ROLE)
            else:
                await self._from_a_room(client, self._chance.choice(client.rooms))

    async def keep_reviewing(self) -> None:
        """Change a role that everybody has, so that every topic is reviewed and everybody asked about, who keep what they had."""
        path = f"communities/{self._cast.community}/roles/{self._cast.crew}"
        while not self.over:
            await asyncio.sleep(self._chance.uniform(*BETWEEN_REVIEWS_SECONDS))
            if self.silent:
                continue
            for permissions in ([SPARE], []):
                await self._do("PATCH", path, {"permissions": permissions})
            self._counts["reviews"] += 1

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

    async def _by_the_gate(self, client: Client, *, by_role: bool) -> None:
        """Take one of the things that the gate of the first room asks for."""
        user, passes = client.person.user, self._cast.passes
        entitlements = f"communities/{self._cast.community}/entitlements"
        removal = self._begin(client.person, self._gated)
        await self._do("DELETE", self._role_of(user) if by_role else f"{entitlements}/{passes[user]}")
        await self._absence(client, removal)
        if by_role:
            await self._do("PUT", self._role_of(user))
        else:
            granted = await self._do("POST", entitlements, {"user_id": user, "key": PASS, "reason": "Crew again."})
            passes[user] = granted.json()["id"]
        self._end(removal, "gates")

    @property
    def _gated(self) -> str:
        return f"room:{self._cast.rooms[0]}"

    def _role_of(self, user: str) -> str:
        return f"communities/{self._cast.community}/members/{user}/roles/{self._cast.crew}"

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
        await self._do("PUT", self._role_of(person.user))  # roles end with the membership
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

    async def _do(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self._rest.until_done(self._cast.moderator, method, path, DONE, body)
