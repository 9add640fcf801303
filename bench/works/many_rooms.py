"""Many rooms in one gateway: what a durable delivery costs among 10,000 followed rooms, compared with 10."""

from __future__ import annotations

import statistics

from bench.load import Run, opened
from bench.ours import Durable, start_gateway
from bench.results import at_most
from bench.servers import services
from bench.works.measuring import Findings, Measured, Pace, meter_of

SOCKETS = 10  # a socket may follow a thousand topics
MANY_EACH, FEW_EACH = 1_000, 1
RATE = 1_000.0
SECONDS = 10.0
COST_GOAL = 1.15


def measure(pace: Pace) -> Findings:
    """Measure the same sockets at the same rate with few rooms, many, many and few; each room has one reader."""
    many_each = round(MANY_EACH * pace.scale)
    runs: dict[int, list[Run]] = {FEW_EACH: [], many_each: []}
    with services() as running:
        ours = Durable(start_gateway(running))
        for rooms_each in (FEW_EACH, many_each, many_each, FEW_EACH):
            runs[rooms_each].append(_run(ours, rooms_each, pace))
    few, many = (statistics.median(run.cpu_microseconds_per_delivery for run in of_one) for of_one in runs.values())
    work = f"CPU per delivery, {SOCKETS * many_each:,} rooms against {SOCKETS * FEW_EACH}"
    row = at_most(work, "us", many, f"{SOCKETS * FEW_EACH} rooms", few, COST_GOAL)
    found = [
        Measured(f"{ours.name}, {SOCKETS * each:,} rooms", ours.version, 1, None, RATE, of_one)
        for each, of_one in runs.items()
    ]
    void = [f"{one.contestant}: a run is void: {one.violations}." for one in found if one.violations]
    void += [f"{one.contestant}: fell behind {RATE:g}/s, in larger batches." for one in found if not one.keeps_up]
    return Findings([row], [one.figure() for one in found], void)


def _run(ours: Durable, rooms_each: int, pace: Pace) -> Run:
    """Run when every room has had its first message."""
    plan = ours.plan(SOCKETS, 1, rooms_each)
    with opened(plan) as load:
        warm = pace.warm + len(plan.rooms) / RATE
        return load.run(rate=RATE, warm=warm, seconds=SECONDS * pace.scale, meter=meter_of(ours.pids))
