"""What the works share: how long they measure, what they hand back, and the runs of one contestant taken together."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.load import Meter, Run
from bench.processes import SERVER_CORE, check_pinned, core_time, cpu_seconds
from bench.results import Figure, Row, against
from bench.servers import Absent, Contestant


@dataclass(frozen=True)
class Pace:
    """How thoroughly is measured: seconds before and during a run, runs of each contestant, and the share of the full size."""

    warm: float
    seconds: float
    rounds: int
    scale: float


FULL = Pace(warm=0.3, seconds=1.2, rounds=6, scale=1.0)
QUICK = Pace(warm=0.2, seconds=0.6, rounds=2, scale=0.2)


@dataclass
class Findings:
    """The rows and figures of a work, and what a reader must know about them."""

    rows: list[Row] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    """All runs of one contestant in one setting; `memory` is that of its group at the end of the last, in bytes."""

    contestant: str
    version: str
    members: int
    window: int | None
    rate: float | None
    runs: Sequence[Run]
    memory: int = 0

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
    def keeps_up(self) -> bool:
        """Whether all that was sent at a rate was also delivered at it; with a window nobody falls behind."""
        due = (self.rate or 0) * self.members
        return all(run.deliveries_per_second >= 0.95 * due and not run.violations for run in self.runs)

    @property
    def violations(self) -> list[dict[str, int]]:
        """What was lost, doubled or out of place, of each run in which anything was."""
        return [run.violations for run in self.runs if run.violations]

    def latency_ms(self, percentile: str) -> float:
        """Return the middle of the runs' latencies of a delivery."""
        return statistics.median(run.latency_ms(percentile) for run in self.runs)

    def speed_ratio(self, peer: Measured) -> float | None:
        """Return the middle ratio of speeds of runs that were made in the same round; None when one of them has no speed."""
        pairs = [
            (ours.deliveries_per_second, its.deliveries_per_second)
            for ours, its in zip(self.runs, peer.runs, strict=True)
        ]
        return statistics.median(ours / its for ours, its in pairs) if all(map(all, pairs)) else None

    def figure(self) -> Figure:
        """Return it as it is kept."""
        late = self.latency_ms("p50"), self.latency_ms("p99")
        memory = self.memory / 2**20
        what = self.contestant, self.version, self.members, self.window, self.rate
        return Figure(
            *what, self.cpu, self.deliveries, *late, memory, self.keeps_up, [_details(run) for run in self.runs]
        )


def rival_row(work: str, ours: Measured, peer_name: str, peer: Measured | None, goal: float | None) -> Row:
    """Return the row of a speed beside a peer's, which is None where the peer is absent; `cheaper` compares CPU per delivery."""
    if peer is None:
        return against(work, "deliveries/s", ours.deliveries, peer_name, None, goal=goal)
    cheaper = peer.cpu / ours.cpu if ours.cpu else None
    ratio = ours.speed_ratio(peer)
    return against(
        work, "deliveries/s", ours.deliveries, peer_name, peer.deliveries, goal=goal, ratio=ratio, cheaper=cheaper
    )


def meter_of(pids: Sequence[int], core: int | None = SERVER_CORE) -> Meter:
    """Return what reads the CPU time of a server group, which must be pinned to that core; None: it may have all cores."""
    if core is None:
        return lambda: {"cpu": cpu_seconds(pids)}
    check_pinned(pids, core)

    def read() -> dict[str, float]:
        spent = core_time(core)
        return {"cpu": cpu_seconds(pids), "core_busy": spent.busy, "core_stolen": spent.stolen}

    return read


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


def _details(run: Run) -> dict[str, object]:
    shares = {name: round(run.share(name), 4) for name in run.used}
    cost = round(run.cpu_microseconds_per_delivery, 4)
    return {**shares, "cpu_us_per_delivery": cost, "violations": run.violations, **run.result}


def _middle(speeds: Sequence[float]) -> float:
    return statistics.median(speeds) if all(speeds) else 0.0
