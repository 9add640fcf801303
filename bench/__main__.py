"""`python -m bench [WORK ...] [--quick]`: measures, prints the table, and writes `var/bench/results.json`."""

from __future__ import annotations

import argparse
import os
import resource
import sys
from collections.abc import Callable, Mapping, Sequence

from bench import results
from bench.compile import VAR
from bench.works import connects, fanout, large, memory, rooms
from bench.works.measuring import FULL, QUICK, Findings, Pace

WORKS: Mapping[str, Callable[[Pace], Findings]] = {
    "fanout": fanout.measure,
    "rooms": rooms.measure,
    "large": large.measure,
    "connects": connects.measure,
    "memory": memory.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Measure the named works, or all; return 0 when every goal that could be measured holds."""
    options = _parse(arguments)
    _check_machine()
    _allow_many_sockets()
    found = Findings()
    for name in options.works or WORKS:
        _say(f"Measuring {name} ...")
        of_work = WORKS[name](QUICK if options.quick else FULL)
        found.rows += of_work.rows
        found.notes += of_work.notes
        results.write(found.rows, found.notes, VAR / "results.json")
    _say(results.table(found.rows))
    for note in found.notes:
        _say(note)
    return int(any(row.holds is False for row in found.rows))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Portcullis against its peers.")
    parser.add_argument("works", nargs="*", choices=[*WORKS, []], metavar="WORK", help=", ".join(WORKS))
    parser.add_argument("--quick", action="store_true", help="shorter and smaller: for a look, not for the record")
    return parser.parse_args(arguments)


def _check_machine() -> None:
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("Measuring needs Linux and two cores: one for the servers, one for the generator.")


def _allow_many_sockets() -> None:
    """Raise the limit of open files as far as we may; what we start inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
