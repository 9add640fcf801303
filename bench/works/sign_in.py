"""What a login costs, by part, and what it costs to find out who makes a request, in one process with PostgreSQL and Redis."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.ours import prepare_environment
from bench.results import Row, against, alone
from bench.servers import python, services
from bench.sign_in import Cost, Measured
from bench.works.measuring import Findings, Pace

ROUNDS = 5


def measure(pace: Pace) -> Findings:
    """Measure inside one process on the servers' core."""
    rounds = max(2, round(ROUNDS * pace.scale))
    with services() as running, tempfile.NamedTemporaryFile() as answer:
        environment = prepare_environment(running, RATE_LOGIN_ADDRESS="100000000/60")
        command = python("-m", "bench.sign_in", str(rounds), answer.name, *map(str, running.pids))
        running.run("signing in", command, environment)
        found = msgspec.json.decode(Path(answer.name).read_bytes(), type=Measured)
    return Findings([*_check_rows(found), *_part_rows(found)])


def _check_rows(found: Measured) -> list[Row]:
    ours, peer = _cpu(found.remembered), _cpu(found.looked_up)
    work = "CPU to find out who makes a request, services included"
    every = {"remembered": found.remembered, "looked_up": found.looked_up}
    return [
        alone("SQL statements that authentication adds to a request", "", found.added_statements, "<=", 0),
        against(work, "us", ours, "looked up each time", peer, goal=None, **msgspec.to_builtins(every)),
    ]


def _part_rows(found: Measured) -> list[Row]:
    """Return the time of each part, which a busy machine prolongs, and its CPU, which it hardly does."""
    rows = []
    for part, cost in found.parts.items():
        cpu = (cost.cpu_us + cost.services_cpu_us) / 1e3
        rows += [_shown(f"p50 of a login: {part}", cost.milliseconds), _shown(f"CPU of it: {part}", cpu)]
    return rows


def _shown(work: str, milliseconds: float) -> Row:
    return Row(work, "ms", milliseconds, "", None, None, "<=", None)


def _cpu(costs: Sequence[Cost]) -> float:
    return statistics.median(cost.cpu_us + cost.services_cpu_us for cost in costs)
