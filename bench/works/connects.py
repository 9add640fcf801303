"""Connect, authenticate and follow: how many sockets per second, whether the time grows with their number, and against the tutorial."""

from __future__ import annotations

from typing import Any

from bench.load import opened
from bench.ours import Live, start_gateway
from bench.peers.baseline.contestant import Baseline
from bench.processes import cpu_seconds
from bench.results import against, alone
from bench.servers import Contestant, services
from bench.works.measuring import Findings, Pace

SOCKETS = 5_000
SPEED_GOAL, RATIO_GOAL, GROWTH_GOAL = 800.0, 4.0, 1.2


def measure(pace: Pace) -> Findings:
    """Open all sockets once on ours and once on the tutorial, each on a server that has just started."""
    sockets = round(SOCKETS * pace.scale)
    with services() as running:
        ours = _open(Live(start_gateway(running)), sockets)
        peer_name = Baseline.name_of("pubsub")
        peer = _open(Baseline(running, "pubsub"), sockets)
    work = f"connect, authenticate, follow: {sockets:,} sockets"
    quarters = ours["quarters"]
    growth = (quarters[3] - quarters[2]) / quarters[0]
    return Findings(
        [
            alone(work, "sockets/s", ours["connects_per_second"], ">=", SPEED_GOAL, run=ours),
            against(
                work,
                "sockets/s",
                ours["connects_per_second"],
                peer_name,
                peer["connects_per_second"],
                goal=RATIO_GOAL,
                peer_run=peer,
            ),
            alone("time of the last quarter of them to the first", "x", growth, "<=", GROWTH_GOAL),
        ]
    )


def _open(contestant: Contestant, sockets: int) -> dict[str, Any]:
    plan = contestant.plan(sockets, sockets)
    before = cpu_seconds(contestant.pids)
    with opened(plan) as load:
        cpu = cpu_seconds(contestant.pids) - before
        return load.ready | {"cpu_ms_per_socket": cpu * 1000 / sockets}
