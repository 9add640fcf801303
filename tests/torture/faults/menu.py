"""What a fault is, and the menu on which faults are put: by name, with the part of the system that they harm."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.torture.cluster import Cluster, Node
from tests.torture.population import Population

EVERYTHING = "everything"


@dataclass
class Stage:
    """What faults play with. `longest` limits how long anything stays frozen, in seconds; `clock` is the library that bends time."""

    cluster: Cluster
    population: Population
    chance: random.Random
    longest: float
    clock: Path | None = None

    @property
    def node(self) -> Node:
        """A gateway."""
        return self.chance.choice(self.cluster.nodes)

    def seconds(self, least: float, most: float) -> float:
        """Return some time within these limits and ours."""
        return min(self.chance.uniform(least, most), self.longest)


Fault = Callable[[Stage], Awaitable[str]]
MENU: dict[str, Fault] = {}
PARTS: dict[str, str] = {}
"""What each fault harms: two at once must not harm the same."""


def fault(name: str, part: str) -> Callable[[Fault], Fault]:
    """Put a fault on the menu; it returns what it did in a few words."""

    def add(function: Fault) -> Fault:
        MENU[name] = function
        PARTS[name] = part
        return function

    return add


async def eventually(try_once: Callable[[], None], within: float = 60.0) -> None:
    """Try in a thread until it works. Raises `TimeoutError`."""
    async with asyncio.timeout(within):
        while True:
            try:
                return await asyncio.to_thread(try_once)
            except Exception:
                await asyncio.sleep(0.2)
