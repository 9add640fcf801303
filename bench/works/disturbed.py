"""Live delivery while something else goes wrong: sockets that stop reading, and a database that does not answer for a second at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

import psycopg

from bench.load import Run, opened
from bench.ours import Live, start_gateway
from bench.processes import memory_bytes
from bench.results import Row, alone
from bench.servers import services
from bench.works.measuring import Findings, Pace

SOCKETS = 500
RATE = 200.0
SLOW_EVERY = 20  # 5 % of the sockets
SLOW_SECONDS = 60.0
LATENCY_GOAL = 1.2
BACKLOG_BYTES = 1_048_576  # SOCKET_BACKLOG_BYTES as delivered
STALL_SECONDS = 1.0


def measure(pace: Pace) -> Findings:
    """Measure calm and disturbed runs in turn, at the same rate."""
    seconds = max(5.0, SLOW_SECONDS * pace.scale)
    findings = Findings()
    with services() as running:
        ours = Live(start_gateway(running))
        calm, before = _run(ours, pace.warm, seconds)
        slow, after = _run(ours, pace.warm, seconds, slow_seconds=pace.warm + seconds + 5)
    stopped = SOCKETS // SLOW_EVERY
    extra = (after - before) / (BACKLOG_BYTES * stopped)
    findings.rows = [
        _latency(f"p99 while {stopped} of {SOCKETS} sockets do not read for {seconds:g} s", calm, slow),
        alone("extra memory to the budget of those sockets", "x", extra, "<=", 1.0, before=before, after=after),
    ]
    with services() as running:
        gateway = start_gateway(running, DATABASE_POOL_MIN_SIZE="1", DATABASE_POOL_MAX_SIZE="1")
        ours = Live(gateway)
        calm, _ = _run(ours, pace.warm, seconds)
        stalled, _ = _run(ours, pace.warm, seconds, during=_stalling(gateway.environment["DATABASE_URL"]))
    findings.rows.append(_latency("p99 with a pool of one and a log locked every other second", calm, stalled))
    findings.notes += [
        f"{name}: {run.violations}" for name, run in {"slow": slow, "stalled": stalled}.items() if run.violations
    ]
    return findings


def _run(
    ours: Live,
    warm: float,
    seconds: float,
    *,
    slow_seconds: float = 0.0,
    during: AbstractContextManager[None] | None = None,
) -> tuple[Run, int]:
    """Return an open-loop run, and the group's memory at its end, while slow sockets are still slow."""
    plan = ours.plan(SOCKETS, SOCKETS)
    plan = replace(plan, slow_every=SLOW_EVERY if slow_seconds else 0, slow_seconds=slow_seconds)
    sampled: list[int] = []

    def sample() -> float:
        sampled.append(memory_bytes(ours.pids))
        return 0.0

    with opened(plan) as load, during or nullcontext():
        run = load.run(rate=RATE, warm=warm, seconds=seconds, cpu=sample)
    return run, sampled[-1]


def _latency(work: str, calm: Run, disturbed: Run) -> Row:
    ours, peer = (float(run.result["delivery_us"]["p99"]) / 1000 for run in (disturbed, calm))
    runs = {"calm": calm.result, "disturbed": disturbed.result}
    return Row(work, "ms", ours, "calm", peer, ours / peer, "<=", LATENCY_GOAL, runs)


@contextmanager
def _stalling(database_url: str) -> Iterator[None]:
    """Lock the log's topics for a second, again and again: whatever asks for a head then keeps its connection until the end of it."""
    ended = threading.Event()

    def stall() -> None:
        with psycopg.connect(database_url) as connection:
            while not ended.wait(STALL_SECONDS):
                with connection.transaction():
                    connection.execute("LOCK TABLE eventlog_topic IN ACCESS EXCLUSIVE MODE")
                    connection.execute("SELECT pg_sleep(%s)", [STALL_SECONDS])

    thread = threading.Thread(target=stall)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
