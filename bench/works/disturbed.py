"""Live delivery while something else goes wrong: sockets that stop reading, and a database that is slow through the only connection."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from bench.load import Load, Run, opened
from bench.ours import Gateway, Live, start_gateway
from bench.processes import memory
from bench.results import Row, alone, at_most
from bench.servers import services
from bench.works.disturbances import Editor, log_locked
from bench.works.measuring import Findings, Pace

SOCKETS = 500
RATE = 200.0
SLOW_EVERY = 20  # 5 % of the sockets
SLOW_SECONDS, CALM_SECONDS, STALL_SECONDS = 60.0, 20.0, 15.0
LATENCY_GOAL = 1.2
BACKLOG_BYTES = 1_048_576  # SOCKET_BACKLOG_BYTES as delivered
EDIT_MS = 900.0  # an edit that is answered sooner was not slow, and disturbed nobody


def measure(pace: Pace) -> Findings:
    """Measure calm and disturbed runs in turn, at the same rate."""
    findings = Findings()
    _measure_slow_sockets(pace, findings)
    _measure_slow_database(pace, findings)
    return findings


def _measure_slow_sockets(pace: Pace, findings: Findings) -> None:
    """Sockets that do not read get sockets of their own: they are slow from the beginning of the run to its end."""
    seconds, calm_seconds = SLOW_SECONDS * pace.scale, CALM_SECONDS * pace.scale
    with services() as running:
        live = Live(start_gateway(running))
        first, before = _calm(live, calm_seconds)
        slow, after = _with_slow_sockets(live, seconds)
        last, _ = _calm(live, calm_seconds)
    stopped = SOCKETS // SLOW_EVERY
    extra = (after - before) / (BACKLOG_BYTES * stopped)
    findings.rows += [
        _latency(findings, f"p99 while {stopped} of {SOCKETS} do not read for {seconds:g} s", [first, last], [slow]),
        alone("extra memory to the budget of those sockets", "x", extra, "<=", 1.0, before=before, after=after),
    ]


def _calm(live: Live, seconds: float) -> tuple[Run, int]:
    with opened(live.plan(SOCKETS, SOCKETS)) as load:
        return load.run(rate=RATE, warm=1, seconds=seconds), memory(live.pids).total


def _with_slow_sockets(live: Live, seconds: float) -> tuple[Run, int]:
    """Return the run, and the group's memory at its end, while they are still slow."""
    plan = replace(live.plan(SOCKETS, SOCKETS), slow_every=SLOW_EVERY, slow_seconds=seconds + 10)
    sampled: list[int] = []

    def sample() -> dict[str, float]:
        sampled.append(memory(live.pids).total)
        return {}

    with opened(plan) as load:
        return load.run(rate=RATE, warm=1, seconds=seconds, meter=sample), sampled[-1]


def _measure_slow_database(pace: Pace, findings: Findings) -> None:
    """The gateway has one connection; the same sockets are measured calm and disturbed, forth and back."""
    seconds = STALL_SECONDS * pace.scale
    with services() as running:
        gateway = start_gateway(running, DATABASE_POOL_MIN_SIZE="1", DATABASE_POOL_MAX_SIZE="1")
        editor = Editor(gateway)
        live = Live(gateway)
        disturbances: Sequence[Callable[[], AbstractContextManager[object]]] = (
            nullcontext,
            editor.at_work,
            lambda: log_locked(_url(gateway)),
        )
        runs: list[list[Run]] = [[] for _ in disturbances]
        with opened(live.plan(SOCKETS, SOCKETS)) as load:
            for position in (0, 1, 2, 2, 1, 0):
                runs[position].append(_disturbed(load, seconds, disturbances[position]()))
    calm, edited, locked = runs
    findings.rows += [
        _latency(findings, "p99 with a pool of one and a second of SQL every second", calm, edited),
        _latency(findings, "p99 with a pool of one and a log locked every other second", calm, locked),
    ]
    answers = editor.answers or [0.0]
    verdict = "" if min(answers) > EDIT_MS else " They were not slow: the disturbance did not take place."
    told = f"{len(editor.answers)} commands slept in SQL and were answered after {min(answers):,.0f} to {max(answers):,.0f} ms."
    findings.notes.append(told + verdict)


def _url(gateway: Gateway) -> str:
    return gateway.environment["DATABASE_URL"]


def _disturbed(load: Load, seconds: float, disturbance: AbstractContextManager[object]) -> Run:
    with disturbance:
        return load.run(rate=RATE, warm=1, seconds=seconds)


def _latency(findings: Findings, work: str, calm: Sequence[Run], disturbed: Sequence[Run]) -> Row:
    findings.notes += [f"{work}: a run is void: {run.violations}." for run in (*calm, *disturbed) if run.violations]
    late, usual = (statistics.mean(run.latency_ms("p99") for run in runs) for runs in (disturbed, calm))
    kept = {"calm": [run.result for run in calm], "disturbed": [run.result for run in disturbed]}
    return at_most(work, "ms", late, "calm", usual, LATENCY_GOAL, **kept)
