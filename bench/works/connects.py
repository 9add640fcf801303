"""Connect, authenticate and follow: how many sockets per second, whether the time grows with their number, and against the tutorial."""

from __future__ import annotations

import statistics
from typing import Any

from bench.load import opened
from bench.ours import Live, start_gateway
from bench.peers.baseline.contestant import Baseline
from bench.processes import SERVER_CORE, check_pinned, cpu_seconds
from bench.results import against, alone, at_most
from bench.servers import Contestant, services
from bench.works.measuring import Findings, Pace

MANY, FEW = 5_000, 1_250
SPEED_GOAL, RATIO_GOAL, GROWTH_GOAL = 800.0, 4.0, 1.2


def measure(pace: Pace) -> Findings:
    """Open few, many, many and few sockets on ours, each time all anew, and many on the tutorial."""
    many, few = round(MANY * pace.scale), round(FEW * pace.scale)
    opened_on_ours: dict[int, list[dict[str, Any]]] = {few: [], many: []}
    with services() as running:
        ours = Live(start_gateway(running))
        for sockets in (few, many, many, few):
            opened_on_ours[sockets].append(_open(ours, sockets))
        peer = _open(Baseline(running, "pubsub"), many)
    speed = statistics.median(each["connects_per_second"] for each in opened_on_ours[many])
    times = [_milliseconds_each(opened_on_ours[sockets], sockets) for sockets in (many, few)]
    work = f"connect, authenticate, follow: {many:,} sockets"
    return Findings(
        [
            alone(work, "sockets/s", speed, ">=", SPEED_GOAL, runs=opened_on_ours[many]),
            against(
                work,
                "sockets/s",
                speed,
                Baseline.name_of("pubsub"),
                peer["connects_per_second"],
                goal=RATIO_GOAL,
                peer_run=peer,
            ),
            at_most(
                f"time per socket, {many:,} sockets against {few:,}",
                "ms",
                times[0],
                f"{few:,} sockets",
                times[1],
                GROWTH_GOAL,
                runs=opened_on_ours[few],
            ),
        ]
    )


def _open(contestant: Contestant, sockets: int) -> dict[str, Any]:
    """Return what the generator tells when all are ready, and what a socket cost."""
    check_pinned(contestant.pids, SERVER_CORE)
    plan = contestant.plan(sockets, sockets)
    before = cpu_seconds(contestant.pids)
    with opened(plan) as load:
        cpu = cpu_seconds(contestant.pids) - before
        return load.ready | {"cpu_ms_per_socket": cpu * 1000 / sockets}


def _milliseconds_each(openings: list[dict[str, Any]], sockets: int) -> float:
    return float(statistics.median(opening["seconds"] for opening in openings)) * 1000 / sockets
