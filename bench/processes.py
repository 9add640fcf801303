"""What groups of processes use: CPU time and memory, and the cores that they run on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

SERVER_CORE = 0
GENERATOR_CORE = 1
ALL_CORES = frozenset(os.sched_getaffinity(0))
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SHARED_MEMORY = ("/dev/zero", "/dev/shm/", "/SYSV", "/memfd:", "/anon_hugepage")  # noqa: S108  # names of mappings
OF_A_PROCESS = 2  # CPUCLOCK_SCHED of linux/posix-timers.h: the nanoseconds that all threads of a process ran


Piece = tuple[str, str, str]
"""A mapped piece of a file: device, inode, offset."""


class NotPinned(Exception):
    """A process of the servers could run on the generator's core, so that its figures mean nothing."""


@dataclass(frozen=True)
class CoreTime:
    """How long a core was busy, with whatever, and how long the host kept it from us, in seconds since the machine's start."""

    busy: float
    stolen: float


@dataclass(frozen=True)
class Memory:
    """What processes have in memory, in bytes: of their own, shared among them, and of files that they have mapped, programs mostly."""

    own: int
    shared: int
    files: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.own + self.shared + self.files


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Start children on one core, where they and theirs stay; None gives them all cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, ALL_CORES if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def stay_with_generator() -> None:
    """Keep this process off the servers' core: it takes samples while they are measured."""
    os.sched_setaffinity(0, {GENERATOR_CORE})


def check_pinned(roots: Iterable[int], core: int) -> None:
    """Raise `NotPinned` unless every thread of the processes and their descendants may run on that core alone."""
    for pid in family(roots):
        for thread in _threads(pid):
            with suppress(ProcessLookupError):
                if (cores := os.sched_getaffinity(thread)) != {core}:
                    raise NotPinned(f"thread {thread} of process {pid} may run on the cores {sorted(cores)}")


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the CPU time of the processes and all that descend from them, those that have ended included.

    Living processes are read from their own clock: that of /proc ticks a hundred times a second for each of them, which
    over a short run of many processes is an error of several per cent.
    """
    return sum(_run_seconds(pid) + _ended_children_seconds(pid) for pid in family(roots))


def core_time(core: int) -> CoreTime:
    """Return how the core has spent its time."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _, _, hardware, software, stolen = map(int, line.split()[1:9])
            busy = user + nice + system + hardware + software
            return CoreTime(busy / TICKS_PER_SECOND, stolen / TICKS_PER_SECOND)
    raise RuntimeError(f"there is no core {core}")


def memory(roots: Iterable[int]) -> Memory:
    """Return the memory of the processes and their descendants.

    What they share among themselves counts once. A page of a file counts in full though programs of others use it too: its
    proportional share would fall and rise by megabytes with what else is started and ended on the machine.
    """
    pids = family(roots)
    rolled = [_rolled_up(pid) for pid in pids]
    pieces: dict[Piece, int] = {}
    for piece, kilobytes in chain.from_iterable(_mapped_pieces(pid) for pid in pids):
        pieces[piece] = max(kilobytes, pieces.get(piece, 0))
    own, shared = (sum(found.get(name, 0) for found in rolled) for name in ("Pss_Anon", "Pss_Shmem"))
    return Memory(own * 1024, shared * 1024, sum(pieces.values()) * 1024)


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


def _threads(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(folder.name) for folder in Path(f"/proc/{pid}/task").iterdir()]
    return []


def _run_seconds(pid: int) -> float:
    """Return what the threads of a process have used, ended ones included; 0 when it has gone."""
    with suppress(OSError):
        return time.clock_gettime(~pid << 3 | OF_A_PROCESS)
    return 0.0


def _ended_children_seconds(pid: int) -> float:
    return sum(map(int, _stat(pid)[13:15])) / TICKS_PER_SECOND


def _rolled_up(pid: int) -> dict[str, int]:
    """Return the sums over all mappings of a process, in KB; nothing when it has gone."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        return {words[0].rstrip(":"): int(words[1]) for words in map(str.split, lines)}
    return {}


def _mapped_pieces(pid: int) -> Iterator[tuple[Piece, int]]:
    """Yield every piece of a file that a process has mapped, and how much of it is there as it is in the file, in KB."""
    try:
        lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    except OSError:
        return
    piece, resident = None, 0
    for words in map(str.split, lines):
        if not words[0].endswith(":"):
            piece = (words[3], words[4], words[2]) if _is_of_file(words) else None
        elif words[0] == "Rss:":
            resident = int(words[1])
        elif words[0] == "Anonymous:" and piece is not None:
            yield piece, resident - int(words[1])


def _is_of_file(mapping: Sequence[str]) -> bool:
    """Tell of a mapping's first line (addresses, rights, offset, device, inode, path) whether a file is behind it."""
    return mapping[4] != "0" and not mapping[5].startswith(SHARED_MEMORY)
