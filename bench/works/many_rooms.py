"""Many rooms in one gateway: what a durable delivery costs among 10,000 followed rooms, compared with 10."""

from __future__ import annotations

from bench.load import Run, opened
from bench.ours import Durable, start_gateway
from bench.processes import cpu_seconds
from bench.results import Row
from bench.servers import services
from bench.works.measuring import Findings, Pace

MANY, FEW = 10_000, 10
RATE = 100.0
COST_GOAL = 1.15


def measure(pace: Pace) -> Findings:
    """Measure the same rate of messages over few rooms and over many, with one member in each."""
    many = round(MANY * pace.scale)
    with services() as running:
        ours = Durable(start_gateway(running))
        small, large = _run(ours, FEW, pace), _run(ours, many, pace)
    costs = large.cpu_microseconds_per_delivery, small.cpu_microseconds_per_delivery
    work = f"CPU per delivery, {many:,} rooms against {FEW}"
    runs = {"few": small.result, "many": large.result}
    row = Row(work, "us", costs[0], f"{FEW} rooms", costs[1], costs[0] / costs[1], "<=", COST_GOAL, runs)
    broken = [f"A run over many rooms is void: {run.violations}." for run in (small, large) if run.violations]
    return Findings([row], broken)


def _run(ours: Durable, rooms: int, pace: Pace) -> Run:
    """Run three times as long as usual: there are few deliveries, and ticks of the CPU clock are coarse."""
    with opened(ours.plan(rooms, 1)) as load:
        return load.run(rate=RATE, warm=pace.warm, seconds=pace.seconds * 3, cpu=lambda: cpu_seconds(ours.pids))
