"""Durable sends over many small rooms, all programs sharing both cores: how many are acknowledged, and how late at half of the goal."""

from __future__ import annotations

from dataclasses import replace

from bench.load import Load, Run, opened
from bench.ours import Durable, start_gateway
from bench.processes import memory
from bench.results import Row, alone
from bench.servers import services
from bench.works.measuring import Findings, Measured, Pace, meter_of

ROOMS, MEMBERS = 200, 5
WINDOWS = (1, 4, 16)
ACKS_GOAL = 5_000.0
LATENCY_GOAL_MS = 50.0
STEADY_RATE = ACKS_GOAL / 2
STEADY_SECONDS = 10.0
WORK = f"durable sends over {ROOMS} rooms of {MEMBERS}"


def measure(pace: Pace) -> Findings:
    """Measure with several windows, the best counts; then with a fixed rate."""
    with services(core=None) as running:
        ours = Durable(start_gateway(running))
        with opened(ours.plan(ROOMS * MEMBERS, MEMBERS), core=None) as load:
            windows = {window: _windowed(ours, load, window, pace) for window in WINDOWS}
            steady = load.run(
                rate=STEADY_RATE, warm=1.0, seconds=STEADY_SECONDS * pace.scale, meter=meter_of(ours.pids, None)
            )
            held = memory(ours.pids).total
    what = Measured(f"{ours.name}, {ROOMS} rooms on both cores", ours.version, MEMBERS, None, None, [], held)
    by_window = [replace(what, window=window, runs=runs) for window, runs in windows.items()]
    findings = Findings([_most(by_window), _late(steady)])
    findings.figures = [one.figure() for one in (*by_window, replace(what, rate=STEADY_RATE, runs=[steady]))]
    if steady.violations or steady.result["unacked"]:
        findings.notes.append("The steady run lost messages or acknowledgements: its latency is void.")
    return findings


def _windowed(ours: Durable, load: Load, window: int, pace: Pace) -> list[Run]:
    meter = meter_of(ours.pids, None)
    return [load.run(window=window, warm=pace.warm, seconds=2 * pace.seconds, meter=meter) for _ in range(pace.rounds)]


def _most(by_window: list[Measured]) -> Row:
    acks = {f"window {one.window}": one.acks for one in by_window}
    return alone(WORK, "acknowledged/s", max(acks.values()), ">=", ACKS_GOAL, by_window=acks)


def _late(steady: Run) -> Row:
    """Return the later of the two: deliveries, or acknowledgements."""
    late = max(steady.latency_ms("p99"), steady.latency_ms("p99", "ack"))
    return alone(f"{WORK}, p99 at {STEADY_RATE:,.0f}/s", "ms", late, "<=", LATENCY_GOAL_MS)
