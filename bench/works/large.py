"""One room of 5,000: its speed against nchan's and the limit's, and what a delivery costs there compared with a room of 100."""

from __future__ import annotations

from bench.ours import Live, start_gateway
from bench.peers.limit import Limit
from bench.peers.nchan import Nchan
from bench.results import Row, at_most
from bench.servers import Contestant, services
from bench.works.measuring import Findings, Pace, available, rival_row
from bench.works.turns import Speeds, Turn, in_windows

LARGE, SMALL = 5_000, 100
WINDOW = 8
SPEED_GOAL, COST_GOAL = 3.0, 1.10
IN_SMALL = f"{Live.name}, {SMALL} members"


def measure(pace: Pace) -> Findings:
    """Measure ours, nchan and the limit with a large room and ours with a small one, in turns."""
    findings = Findings()
    large = round(LARGE * pace.scale)
    with services() as running:
        live = Live(start_gateway(running))
        peers = available([lambda: Nchan(running), lambda: Limit(running)], findings)
        contestants: list[Contestant] = [live, *peers]
        turns = [*(Turn(one, large) for one in contestants), Turn(live, SMALL, IN_SMALL)]
        found = in_windows(turns, [WINDOW], pace)
    ours, small = found[Live.name, WINDOW], found[IN_SMALL, WINDOW]
    cost = f"CPU per delivery, {large:,} members against {SMALL}"
    findings.rows = [
        _row(found, Nchan.name, large, SPEED_GOAL),
        _row(found, Limit.name, large, None),
        at_most(cost, "us", ours.cpu, f"{SMALL} members", small.cpu, COST_GOAL),
    ]
    findings.figures = [measured.figure() for measured in found.values()]
    findings.notes += [
        f"{one.contestant}: a run has no speed: {one.violations}." for one in found.values() if one.violations
    ]
    return findings


def _row(found: Speeds, peer_name: str, members: int, goal: float | None) -> Row:
    ours, peer = found[Live.name, WINDOW], found.get((peer_name, WINDOW))
    work = f"live fan-out to {members:,}, window {WINDOW}"
    return rival_row(work, ours, peer_name, peer, goal)
