"""What groups of processes use: CPU time and memory from /proc, and the core that children are started on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SERVER_CORE = 0
GENERATOR_CORE = 1
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Start children on one core, where they and theirs stay; None leaves them all cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the CPU time of the processes and all that descend from them, those that have ended included."""
    return sum(_ticks(pid) for pid in family(roots)) / TICKS_PER_SECOND


def memory_bytes(roots: Iterable[int]) -> int:
    """Return the memory of the processes and their descendants; shared pages are divided among those who share them."""
    return sum(_proportional_kilobytes(pid) for pid in family(roots)) * 1024


def family(roots: Iterable[int]) -> set[int]:
    """Return the processes and all their living descendants."""
    parents = dict(_living())
    found = {pid for pid in roots if pid in parents}
    while added := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
        found |= added
    return found


def _living() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (fields := _stat(int(folder.name))):
            yield int(folder.name), int(fields[1])


def _stat(pid: int) -> list[str]:
    """Return the fields after the name, which may hold spaces: state, parent, ...; nothing when the process has gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _ticks(pid: int) -> int:
    """Return user and system time of a process and of its ended children."""
    return sum(map(int, _stat(pid)[11:15]))


def _proportional_kilobytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
