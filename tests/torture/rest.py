"""Requests to the REST edge of any gateway, past the proxies, by whoever is in the run."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Collection, Sequence
from typing import Any

import httpx

from tests.torture.people import Person

REST_SECONDS = 8.0
AGAIN_SECONDS = 0.3


class Rest:
    """Calls a gateway by chance each time."""

    def __init__(self, urls: Sequence[str], chance: random.Random) -> None:
        self._urls = urls
        self._chance = chance
        self._http = httpx.AsyncClient(trust_env=False, timeout=REST_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def request(
        self, person: Person, method: str, path: str, body: Any = None, key: str | None = None
    ) -> httpx.Response | None:
        """Make a request; None without an answer."""
        headers = {"Authorization": f"Bearer {person.token()}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        url = f"{self._chance.choice(self._urls)}/api/v1/{path}"
        try:
            return await self._http.request(method, url, json=body, headers=headers)
        except httpx.HTTPError:
            return None

    async def until_done(
        self, person: Person, method: str, path: str, done: Collection[int], body: Any = None
    ) -> httpx.Response:
        """Call until it is done, always under the same key: what a frozen gateway finds when it wakes up is not done again."""
        key = secrets.token_hex(16)
        while True:
            answer = await self.request(person, method, path, body, key)
            if answer is not None and answer.status_code in done:
                return answer
            await asyncio.sleep(AGAIN_SECONDS)
