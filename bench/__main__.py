"""`python -m bench [WORK ...] [--quick]` measures and keeps a record; `python -m bench report` makes pages and plots of the record."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import record, results
from bench.load import LoadFailed
from bench.processes import ALL_CORES, NotPinned, stay_with_generator
from bench.works import (
    connects,
    disturbed,
    fanout,
    large,
    latency,
    many_rooms,
    memory,
    refusals,
    rooms,
    sign_in,
    storm,
    synapse,
)
from bench.works.measuring import FULL, QUICK, Findings, Pace

WORKS: Mapping[str, Callable[[Pace], Findings]] = {
    "fanout": fanout.measure,
    "latency": latency.measure,
    "synapse": synapse.measure,
    "large": large.measure,
    "many_rooms": many_rooms.measure,
    "rooms": rooms.measure,
    "connects": connects.measure,
    "memory": memory.measure,
    "disturbed": disturbed.measure,
    "storm": storm.measure,
    "sign_in": sign_in.measure,
    "refusals": refusals.measure,
}
REPORT = "report"


def main(arguments: Sequence[str]) -> int:
    """Measure the named works, or all; return 0 when every goal that could be measured holds."""
    options = _parse(arguments)
    file = record.QUICK_FILE if options.quick else record.FULL_FILE
    if options.works == [REPORT]:
        return _report(file, options.quick)
    _check_machine()
    _allow_many_sockets()
    stay_with_generator()
    wanted = options.works or [*WORKS]
    entries = [entry for work in wanted if (entry := _tried(work, QUICK if options.quick else FULL, file))]
    _say(results.text_table(results.ROW_HEADS, [results.row_cells(row) for entry in entries for row in entry.rows]))
    _say("".join(f"\n{entry.work}: {entry.seconds:.0f} s" for entry in entries))
    broken = [work for work in wanted if work not in {entry.work for entry in entries}]
    if broken:
        _say(f"\nNOT measured, because something broke: {', '.join(broken)}.")
    return int(bool(broken) or any(row.holds is False for entry in entries for row in entry.rows))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Portcullis against its peers.")
    names = f"{', '.join(WORKS)}; or {REPORT}: tables and plots of what was measured"
    parser.add_argument("works", nargs="*", choices=[*WORKS, REPORT, []], metavar="WORK", help=names)
    parser.add_argument("--quick", action="store_true", help="shorter and smaller: for a look, not for the record")
    options = parser.parse_args(arguments)
    if REPORT in options.works and options.works != [REPORT]:
        parser.error(f"{REPORT} stands alone")
    return options


def _tried(work: str, pace: Pace, file: Path) -> record.Entry | None:
    """Measure one work; when it breaks, say so and leave what the record has of it, so that the others are still measured."""
    try:
        return _measured(work, pace, file)
    except (LoadFailed, NotPinned, RuntimeError, OSError, subprocess.SubprocessError):
        traceback.print_exc()
        return None


def _measured(work: str, pace: Pace, file: Path) -> record.Entry:
    """Measure one work, and write it beside what is known of the others."""
    _say(f"Measuring {work} ...")
    began, load = time.monotonic(), os.getloadavg()[0]
    date, commit = record.today(), record.commit()  # of the beginning: files may change meanwhile
    found = WORKS[work](pace)
    seconds = round(time.monotonic() - began, 1)
    what = found.notes, found.rows, found.figures
    entry = record.Entry(work, date, commit, seconds, load, record.machine(), *what)
    record.merge(entry, file)
    _say(results.text_table(results.ROW_HEADS, [results.row_cells(row) for row in found.rows]))
    if found.figures:
        _say(results.text_table(results.FIGURE_HEADS, [results.figure_cells(figure) for figure in found.figures]))
    _say("".join(f"{note}\n" for note in found.notes) + f"{work} took {seconds:.0f} s.\n")
    return entry


def _report(file: Path, is_quick: bool) -> int:
    """Write the page and its plots; of quick looks, only beside their record."""
    from bench import plots, report  # of all that is measured, only this needs a library for plots

    known = record.read(file)
    entries = {work: known[work] for work in WORKS if work in known}
    folder = file.parent / report.IMAGES.name if is_quick else report.IMAGES
    for image in plots.draw(entries, folder):
        _say(f"Drew {image}.")
    _say(f"Wrote {report.write(entries, file.parent / 'quick.md' if is_quick else report.PAGE)}.")
    return 0


def _check_machine() -> None:
    if sys.platform != "linux" or len(ALL_CORES) < 2:
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
