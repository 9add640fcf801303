"""What the works share: how long they measure, and runs of several contestants in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.load import Load, Run, opened
from bench.processes import cpu_seconds
from bench.results import Row
from bench.servers import Absent, Contestant


@dataclass(frozen=True)
class Pace:
    """How thoroughly is measured: seconds before and during a run, runs of each contestant, and the share of the full size."""

    warm: float
    seconds: float
    rounds: int
    scale: float


FULL = Pace(warm=1.0, seconds=5.0, rounds=2, scale=1.0)
QUICK = Pace(warm=0.5, seconds=2.0, rounds=1, scale=0.2)


@dataclass
class Findings:
    """The rows of a work, and what a reader must know about them."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    """All runs of one contestant with one window."""

    runs: Sequence[Run]

    @property
    def deliveries(self) -> float:
        """Deliveries per second; 0 as soon as one run has no speed."""
        return _middle([run.deliveries_per_second for run in self.runs])

    @property
    def acks(self) -> float:
        """Acknowledged messages per second; 0 as soon as one run has no speed."""
        return _middle([run.acks_per_second for run in self.runs])

    @property
    def cpu(self) -> float:
        """CPU-microseconds of the whole server group per delivery."""
        return statistics.median(run.cpu_microseconds_per_delivery for run in self.runs)

    @property
    def median_ms(self) -> float:
        """The middle latency of a delivery, in milliseconds."""
        return statistics.median(float(run.result["delivery_us"]["p50"]) for run in self.runs) / 1000

    @property
    def spread(self) -> float:
        """The fastest run to the slowest; 1 when they agree."""
        speeds = [run.deliveries_per_second for run in self.runs]
        return max(speeds) / min(speeds) if min(speeds) else 0.0

    def details(self) -> list[dict[str, object]]:
        """Return every run, for the results file."""
        return [
            {
                "server_cpu": round(run.server_cpu, 4),
                "cpu_us_per_delivery": round(run.cpu_microseconds_per_delivery, 4),
                "violations": run.violations,
                **run.result,
            }
            for run in self.runs
        ]


def available(makers: Sequence[Callable[[], Contestant]], findings: Findings) -> list[Contestant]:
    """Start the contestants that can be had; note the others."""
    running = []
    for make in makers:
        try:
            running.append(make())
            findings.notes.append(f"{running[-1].name}: {running[-1].version}.")
        except Absent as reason:
            findings.notes.append(f"A peer is absent: {reason}.")
    return running


def in_turns(
    contestants: Sequence[Contestant], *, sockets: int, members: int, windows: Sequence[int], pace: Pace
) -> dict[tuple[str, int], Measured]:
    """Measure all contestants with each window, A-B-B-A: every other round runs backwards. All keep their sockets open meanwhile.

    Sockets are opened anew for each window: ours live no longer than their proof, which is good for five minutes.
    """
    found: dict[tuple[str, int], Measured] = {}
    for window in windows:
        runs: dict[str, list[Run]] = {one.name: [] for one in contestants}
        with ExitStack() as stack:
            loads = [(one, stack.enter_context(opened(one.plan(sockets, members)))) for one in contestants]
            for turn in range(pace.rounds):
                for contestant, load in loads if turn % 2 == 0 else reversed(loads):
                    runs[contestant.name].append(_run(contestant, load, window, pace))
        found |= {(name, window): Measured(of_one) for name, of_one in runs.items()}
    return found


def _run(contestant: Contestant, load: Load, window: int, pace: Pace) -> Run:
    return load.run(window=window, warm=pace.warm, seconds=pace.seconds, cpu=lambda: cpu_seconds(contestant.pids))


def _middle(speeds: Sequence[float]) -> float:
    return statistics.median(speeds) if all(speeds) else 0.0
