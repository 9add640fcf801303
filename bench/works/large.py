"""One room of 5,000: its speed against nchan's, and what a delivery costs there compared with a room of 100."""

from __future__ import annotations

from bench.ours import Live, start_gateway
from bench.peers.nchan import Nchan
from bench.results import Row, against
from bench.servers import services
from bench.works.measuring import Findings, Pace, available, in_turns

LARGE, SMALL = 5_000, 100
WINDOW = 8
SPEED_GOAL, COST_GOAL = 3.0, 1.10


def measure(pace: Pace) -> Findings:
    """Measure ours and nchan with a large room, and ours with a small one."""
    findings = Findings()
    large = round(LARGE * pace.scale)
    with services() as running:
        ours = Live(start_gateway(running))
        peers = available([lambda: Nchan(running)], findings)
        found = in_turns([ours, *peers], sockets=large, members=large, windows=[WINDOW], pace=pace)
        small = in_turns([ours], sockets=SMALL, members=SMALL, windows=[WINDOW], pace=pace)[ours.name, WINDOW]
    mine, peer = found[ours.name, WINDOW], found.get((Nchan.name, WINDOW))
    work = f"live fan-out to {large:,}, window {WINDOW}"
    cost = (f"CPU per delivery, {large:,} members against {SMALL}", "us", mine.cpu, f"{SMALL} members", small.cpu)
    findings.rows = [
        against(
            work,
            "deliveries/s",
            mine.deliveries,
            Nchan.name,
            peer.deliveries if peer else None,
            goal=SPEED_GOAL,
            cpu_us_per_delivery=(mine.cpu, peer.cpu if peer else None),
            ours_runs=mine.details(),
            peer_runs=peer.details() if peer else [],
        ),
        Row(*cost, mine.cpu / small.cpu, "<=", COST_GOAL, {"small_runs": small.details()}),
    ]
    return findings
