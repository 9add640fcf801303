"""A room of 50 beside Synapse, which takes half a second for what others do in milliseconds: larger rooms would only wait for it."""

from __future__ import annotations

from dataclasses import replace

from bench.ours import Durable, start_gateway
from bench.peers.synapse import Synapse
from bench.servers import Contestant, services
from bench.works.measuring import Findings, Pace, available, rival_row
from bench.works.turns import Turn, in_windows

MEMBERS = 50
WINDOWS = (1, 8)
SECONDS, ROUNDS = 6.0, 2


def measure(pace: Pace) -> Findings:
    """Measure both with every message committed. There is no goal but to be shown."""
    findings = Findings()
    with services() as running:
        ours = Durable(start_gateway(running))
        contestants: list[Contestant] = [ours, *available([lambda: Synapse(running)], findings)]
        turns = [Turn(one, MEMBERS) for one in contestants]
        found = in_windows(turns, WINDOWS, replace(pace, seconds=SECONDS, rounds=ROUNDS))
    for window in WINDOWS:
        mine, peer = found[ours.name, window], found.get((Synapse.name, window))
        work = f"durable fan-out to {MEMBERS}, window {window}"
        findings.rows.append(rival_row(work, mine, Synapse.name, peer, None))
    findings.figures = [measured.figure() for measured in found.values()]
    findings.notes += [
        f"{one.contestant}: a run has no speed: {one.violations}." for one in found.values() if one.violations
    ]
    return findings
