"""Durable sends over many small rooms, all programs sharing both cores: how many are acknowledged, and how late at half of the goal."""

from __future__ import annotations

from dataclasses import replace

from bench.load import opened
from bench.ours import Durable, start_gateway
from bench.processes import memory_bytes
from bench.results import alone
from bench.servers import services
from bench.works.measuring import Findings, Measured, Pace, meter_of

ROOMS, MEMBERS = 200, 5
WINDOWS = (1, 4, 16)
ACKS_GOAL = 5_000.0
LATENCY_GOAL_MS = 50.0
STEADY_RATE = ACKS_GOAL / 2
STEADY_SECONDS = 10.0


def measure(pace: Pace) -> Findings:
    """Measure with several windows, the best counts; then with a fixed rate."""
    with services(core=None) as running:
        ours = Durable(start_gateway(running))
        meter = meter_of(ours.pids, None)
        what = Measured(f"{ours.name}, {ROOMS} rooms on both cores", ours.version, MEMBERS, None, None, [])
        with opened(ours.plan(ROOMS * MEMBERS, MEMBERS), core=None) as load:
            by_window = [
                replace(
                    what,
                    window=window,
                    runs=[
                        load.run(window=window, warm=pace.warm, seconds=2 * pace.seconds, meter=meter)
                        for _ in range(pace.rounds)
                    ],
                )
                for window in WINDOWS
            ]
            steady = load.run(rate=STEADY_RATE, warm=1.0, seconds=STEADY_SECONDS * pace.scale, meter=meter)
            memory = memory_bytes(ours.pids)
    best = max(by_window, key=lambda measured: measured.acks)
    late = max(steady.latency_ms("p99"), steady.latency_ms("p99", "ack"))
    work = f"durable sends over {ROOMS} rooms of {MEMBERS}"
    acks = {f"window {one.window}": one.acks for one in by_window}
    rows = [
        alone(work, "acknowledged/s", best.acks, ">=", ACKS_GOAL, acks_per_second=acks),
        alone(f"{work}, p99 at {STEADY_RATE:,.0f}/s", "ms", late, "<=", LATENCY_GOAL_MS),
    ]
    findings = Findings(rows)
    findings.figures = [
        replace(one, memory=memory).figure() for one in (*by_window, replace(what, rate=STEADY_RATE, runs=[steady]))
    ]
    if steady.violations or steady.result["unacked"]:
        findings.notes.append(
            f"The steady run over {ROOMS} rooms lost messages or acknowledgements: its latency is void."
        )
    return findings
