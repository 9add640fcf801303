"""Durable sends over many small rooms, all programs sharing both cores: how many are acknowledged, and how late at half of the goal."""

from __future__ import annotations

from bench.load import opened
from bench.ours import Durable, start_gateway
from bench.processes import cpu_seconds
from bench.results import alone
from bench.servers import services
from bench.works.measuring import Findings, Measured, Pace

ROOMS, MEMBERS = 200, 5
WINDOWS = (1, 4, 16)
ACKS_GOAL = 5_000.0
LATENCY_GOAL_MS = 50.0


def measure(pace: Pace) -> Findings:
    """Measure with several windows, the best counts; then with a fixed rate."""
    findings = Findings()
    with services(core=None) as running:
        ours = Durable(start_gateway(running))
        with opened(ours.plan(ROOMS * MEMBERS, MEMBERS), core=None) as load:
            by_window = {
                window: Measured(
                    [
                        load.run(
                            window=window, warm=pace.warm, seconds=pace.seconds, cpu=lambda: cpu_seconds(ours.pids)
                        )
                        for _ in range(pace.rounds)
                    ]
                )
                for window in WINDOWS
            }
            steady = load.run(rate=ACKS_GOAL / 2, warm=pace.warm, seconds=pace.seconds)
    best = max(by_window.values(), key=lambda measured: measured.acks)
    late = max(steady.result["delivery_us"]["p99"], steady.result["ack_us"]["p99"]) / 1000
    work = f"durable sends over {ROOMS} rooms of {MEMBERS}"
    findings.rows = [
        alone(
            work,
            "acknowledged/s",
            best.acks,
            ">=",
            ACKS_GOAL,
            runs={window: measured.details() for window, measured in by_window.items()},
        ),
        alone(f"{work}, p99 at {ACKS_GOAL / 2:,.0f}/s", "ms", late, "<=", LATENCY_GOAL_MS, runs=[steady.result]),
    ]
    if steady.violations or steady.result["unacked"]:
        findings.notes.append(
            f"The steady run over {ROOMS} rooms lost messages or acknowledgements: its latency is void."
        )
    return findings
