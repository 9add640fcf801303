"""The record of what was measured, in `var/bench/results.json`: an entry per work, which a new run of that work replaces."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from bench.compile import VAR
from bench.results import Figure, Row

FULL_FILE, QUICK_FILE = VAR / "results.json", VAR / "quick.json"


@dataclass(frozen=True)
class Entry:
    """One work: when, on what and from which commit it was measured, and what was found. Load is what else the machine did."""

    work: str
    date: str
    commit: str
    seconds: float
    load_before: float
    machine: dict[str, Any]
    notes: list[str]
    rows: list[Row]
    figures: list[Figure]


def read(file: Path) -> dict[str, Entry]:
    """Return the entries by work; none where nothing was measured yet."""
    if not file.exists():
        return {}
    return {work: _entry(work, told) for work, told in json.loads(file.read_text())["works"].items()}


def merge(entry: Entry, file: Path) -> None:
    """Write the entry beside those of the other works."""
    file.parent.mkdir(parents=True, exist_ok=True)
    works = {work: _told(of_work) for work, of_work in (read(file) | {entry.work: entry}).items()}
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps({"works": works}, indent=1) + "\n")
    unfinished.rename(file)


def machine() -> dict[str, Any]:
    """Describe the machine."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": model[0].partition(":")[2].strip() if model else platform.machine(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def commit() -> str:
    """Return the commit that is measured, with a plus when files differ from it."""
    try:
        name = _git("rev-parse", "--short", "HEAD")
        return name + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def today() -> str:
    """Return the time as it is written into an entry."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _told(entry: Entry) -> dict[str, Any]:
    told = asdict(entry) | {"rows": [asdict(row) | {"holds": row.holds} for row in entry.rows]}
    del told["work"]
    return told


def _entry(work: str, told: dict[str, Any]) -> Entry:
    rows = [Row(**{each.name: row[each.name] for each in fields(Row)}) for row in told["rows"]]
    figures = [Figure(**figure) for figure in told["figures"]]
    return Entry(**{**told, "work": work, "rows": rows, "figures": figures})
