"""`python -m bench.gates [WORK ...] [--quick]` measures what gates must show, and keeps it in `var/bench/gates.json`.

Each work is a process of its own, with services of its own, and ends by itself; the record has the form of `make bench`'s.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from bench import record, results
from bench.compile import VAR
from bench.gates import cost, decisions, large, races, revoked, telling
from bench.works.measuring import FULL, QUICK, Findings, Pace

FILE, QUICK_FILE = VAR / "gates.json", VAR / "gates-quick.json"
LONGEST_SECONDS = 900
WORKS: Mapping[str, Callable[[Pace], Findings]] = {
    "decisions": decisions.measure,
    "races": races.measure,
    "cost": cost.measure,
    "telling": telling.measure,
    "revoked": revoked.measure,
    "large": large.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Measure the named works, or all; return 0 when every goal holds."""
    parser = argparse.ArgumentParser(prog="python -m bench.gates", description="Measure gates and revocation.")
    parser.add_argument("works", nargs="*", choices=[*WORKS, []], metavar="WORK", help=", ".join(WORKS))
    parser.add_argument("--quick", action="store_true", help="shorter and smaller: for a look, not for the record")
    options = parser.parse_args(arguments)
    if len(options.works) == 1:
        return _measure(options.works[0], quick=options.quick)
    return max(_apart(work, quick=options.quick) for work in options.works or WORKS)


def _apart(work: str, *, quick: bool) -> int:
    command = [sys.executable, "-m", "bench.gates", work, *(["--quick"] if quick else [])]
    try:
        return subprocess.run(command, check=False, timeout=LONGEST_SECONDS).returncode
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"{work} was not over after {LONGEST_SECONDS} s.\n")
        return 1


def _measure(work: str, *, quick: bool) -> int:
    """Measure one work and write it beside what is known of the others."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    began, load = time.monotonic(), os.getloadavg()[0]
    date, commit = record.today(), record.commit()
    found = WORKS[work](QUICK if quick else FULL)
    seconds = round(time.monotonic() - began, 1)
    what = found.notes, found.rows, found.figures
    entry = record.Entry(work, date, commit, seconds, load, record.machine(), *what)
    record.merge(entry, QUICK_FILE if quick else FILE)
    table = results.text_table(results.ROW_HEADS, [results.row_cells(row) for row in found.rows])
    notes = "".join(f"{note}\n" for note in found.notes)
    sys.stdout.write(f"{table}\n{notes}{work} took {seconds:.0f} s, with a load of {load:.1f} before.\n\n")
    return int(any(row.holds is False for row in found.rows))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
