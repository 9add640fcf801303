"""What a group of processes is said to use, and that a group which could run anywhere is not measured."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.processes import ALL_CORES, NotPinned, check_pinned, cpu_seconds, memory, on_core
from bench.statements import LOGGED

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and the clocks of other processes")

BUSY = "import time\nwhile time.process_time() < {}: pass\nprint(time.process_time(), flush=True)\ninput()"


@contextmanager
def busy(seconds: float, core: int | None = None) -> Iterator[tuple[int, float]]:
    """Yield a process that has used so much CPU time and now waits, and what it says of itself."""
    with on_core(core):
        command = [sys.executable, "-c", BUSY.format(seconds)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        yield process.pid, float(process.stdout.readline())
        process.stdin.write("\n")
        process.stdin.close()


def test_cpu_time_is_that_of_the_processes_own_clock():
    with busy(0.05) as (pid, told):
        assert told <= cpu_seconds([pid]) < told + 0.01


def test_cpu_time_of_a_group_is_the_sum_and_each_process_counts_once():
    with busy(0.05) as (first, told), busy(0.05) as (second, also_told):
        assert told + also_told <= cpu_seconds([first, second, first]) < told + also_told + 0.02


def test_a_process_that_has_gone_uses_nothing():
    with busy(0.01) as (pid, _):
        pass
    assert cpu_seconds([pid]) == 0


HOLDING = """
import mmap, os
own = bytearray(b"x") * {own}
shared = mmap.mmap(-1, {shared})
for place in range(0, {shared}, 4096): shared[place] = 1
with open({file!r}, "rb") as opened: of_file = mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)
sum(of_file[::4096])
os.fork()
os.write(1, b"here\\n")
os.read(0, 1)
"""
MEGABYTE = 2**20


@contextmanager
def holding(file: Path, own: int = 0, shared: int = MEGABYTE) -> Iterator[int]:
    """Yield a process that holds so much, as does its child, with which it shares all."""
    command = [sys.executable, "-c", HOLDING.format(own=own, shared=shared, file=str(file))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert [process.stdout.readline() for _ in range(2)] == ["here\n"] * 2
        yield process.pid
        process.stdin.write("..")
        process.stdin.close()


def test_memory_that_processes_share_counts_once_of_whatever_kind(tmp_path):
    file = tmp_path / "mapped"
    file.write_bytes(b"x" * 32 * MEGABYTE)
    with holding(file) as little, holding(file, own=64 * MEGABYTE, shared=17 * MEGABYTE) as much:
        less, more = memory([little]), memory([much])
    assert 63 < (more.own - less.own) / MEGABYTE < 65  # the interpreters' own few pages are not the same each time
    assert more.shared - less.shared == 16 * MEGABYTE
    assert 32 <= less.files / MEGABYTE < 60
    assert more.total == more.own + more.shared + more.files


def test_memory_of_files_does_not_depend_on_what_others_have_mapped(tmp_path):
    file = tmp_path / "mapped"
    file.write_bytes(b"x" * MEGABYTE)
    with holding(file) as pid:
        with holding(file) as other:
            among_others, together = memory([pid]).files, memory([pid, other]).files
        assert memory([pid]).files == among_others
    assert among_others <= together < among_others + MEGABYTE


def test_a_process_on_its_core_may_be_measured():
    core = min(ALL_CORES)
    with busy(0.01, core) as (pid, _):
        check_pinned([pid], core)


@pytest.mark.skipif(len(ALL_CORES) < 2, reason="there is only one core to be on")
def test_a_process_that_may_run_elsewhere_is_refused():
    with busy(0.01) as (pid, _), pytest.raises(NotPinned, match=f"process {pid}"):
        check_pinned([pid], min(ALL_CORES))


def test_the_cores_of_this_process_are_as_before():
    before = os.sched_getaffinity(0)
    with on_core(min(ALL_CORES)):
        pass
    assert os.sched_getaffinity(0) == before


def test_statements_are_found_in_the_log_however_they_are_sent():
    log = (
        b"2026-01-02 03:04:05 UTC [7] LOG:  statement: BEGIN\n"
        b"2026-01-02 03:04:05 UTC [7] LOG:  execute _pg3_0: SELECT head FROM eventlog_topic\n"
        b"2026-01-02 03:04:05 UTC [7] DETAIL:  Parameters: $1 = 'statement: none'\n"
        b"2026-01-02 03:04:05 UTC [7] LOG:  execute <unnamed>: \n\tINSERT INTO eventlog_event VALUES ($1)\n"
        b"2026-01-02 03:04:05 UTC [7] LOG:  checkpoint starting: time\n"
    )
    assert LOGGED.findall(log) == [
        b"BEGIN",
        b"SELECT head FROM eventlog_topic",
        b"INSERT INTO eventlog_event VALUES ($1)",
    ]
