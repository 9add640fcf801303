"""Memory of idle sockets that follow a room: what one more costs the whole server group, and whether cycles of them leave some behind."""

from __future__ import annotations

import time

from bench.load import opened
from bench.ours import Live, start_gateway
from bench.processes import memory_bytes
from bench.results import alone
from bench.servers import services
from bench.works.measuring import Findings, Pace

FEW, MANY = 500, 2_500
CYCLES = 10
SOCKET_GOAL_KB, GROWTH_GOAL = 25.0, 1.05
SETTLE_SECONDS = 3.0


def measure(pace: Pace) -> Findings:
    """Hold few sockets, then many, then many again and again."""
    few, many = round(FEW * pace.scale), round(MANY * pace.scale)
    with services() as running:
        ours = Live(start_gateway(running))
        _held(ours, few)
        small = _held(ours, few)
        plateaus = [_held(ours, many) for _ in range(max(3, round(CYCLES * pace.scale)) + 1)]
    marginal = (plateaus[0] - small) / (many - few) / 1024
    growth = plateaus[-1] / plateaus[0]
    work = f"memory per idle followed socket, {many:,} against {few:,}"
    return Findings(
        [
            alone(work, "KB", marginal, "<=", SOCKET_GOAL_KB, few=small, plateaus=plateaus),
            alone(f"memory after {len(plateaus) - 1} cycles to the first plateau", "x", growth, "<=", GROWTH_GOAL),
        ]
    )


def _held(ours: Live, sockets: int) -> int:
    """Return the memory of the group while so many sockets are open and idle; close them."""
    with opened(ours.plan(sockets, sockets)):
        time.sleep(SETTLE_SECONDS)
        return memory_bytes(ours.pids)
