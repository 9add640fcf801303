"""Memory of idle sockets that follow a room: what one more costs the whole server group, and whether cycles of them leave some behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from bench.load import opened
from bench.ours import Gateway, Live, start_gateway
from bench.processes import Memory, memory
from bench.results import Row, alone
from bench.servers import services
from bench.works.measuring import Findings, Pace

FEW, MANY = 500, 2_500
CYCLES = 10
SOCKET_GOAL_KB, GROWTH_GOAL = 25.0, 1.05
SETTLE_SECONDS = 3.0

FirstPerson = Callable[[int], int]
"""Who opens the sockets of a cycle: the number of the first of them."""


@dataclass(frozen=True)
class Held:
    """The memory of the group while its sockets are open and idle, in bytes, and what of it is whose own."""

    group: Memory
    gateway: int
    postgres: int
    redis: int


@dataclass(frozen=True)
class Churn:
    """What was held with few sockets, then with many again and again, of one server group."""

    few: Held
    plateaus: Sequence[Held]

    def growth(self, size: Callable[[Held], int]) -> float:
        """Return the last plateau as a multiple of the first."""
        return size(self.plateaus[-1]) / size(self.plateaus[0])


def measure(pace: Pace) -> Findings:
    """Hold few sockets, then many, then many again and again: of people who come back, and of a new group those of new people each time."""
    few, many = round(FEW * pace.scale), round(MANY * pace.scale)
    cycles = max(3, round(CYCLES * pace.scale))
    back = _churn(few, many, cycles, lambda _: 0)
    new = _churn(few, many, cycles, lambda cycle: cycle * many)
    marginal = (_total(back.plateaus[0]) - _total(back.few)) / (many - few) / 1024
    work = f"memory per idle followed socket, {many:,} against {few:,}"
    after = f"memory to the first plateau after {cycles} cycles"
    return Findings(
        [
            alone(work, "KB", marginal, "<=", SOCKET_GOAL_KB, few=asdict(back.few)),
            _row(f"{after} of the same people", back, _total),
            _row(f"{after} of new people", new, _total),
            _row(f"{after} of new people, without PostgreSQL's shared memory", new, _unshared),
        ]
    )


def _churn(few: int, many: int, cycles: int, first: FirstPerson) -> Churn:
    with services() as running:
        gateway = start_gateway(running)
        _held(gateway, few, 0)
        small = _held(gateway, few, 0)
        return Churn(small, [_held(gateway, many, first(cycle)) for cycle in range(cycles + 1)])


def _held(gateway: Gateway, sockets: int, first: int) -> Held:
    """Return the memory of the group while so many sockets are open and idle; close them."""
    running = gateway.services
    with opened(Live(gateway).plan(sockets, sockets, first)):
        time.sleep(SETTLE_SECONDS)
        roots = gateway.gateway_pid, running.postgres.child.pid, running.redis.child.pid
        return Held(memory(gateway.pids), *(memory([root]).own for root in roots))


def _row(work: str, churn: Churn, size: Callable[[Held], int]) -> Row:
    plateaus = [size(held) for held in churn.plateaus]
    held = [asdict(held) for held in churn.plateaus]
    return alone(work, "x", churn.growth(size), "<=", GROWTH_GOAL, plateaus=plateaus, held=held)


def _total(held: Held) -> int:
    return held.group.total


def _unshared(held: Held) -> int:
    """Leave out the pages that PostgreSQL caches the tables in: each is counted from the first time on that it is used."""
    return held.group.total - held.group.shared
