"""A process that imports the project once and forks a child for every program of it that is asked for; `tests.forks` asks.

A child goes on in `__main__` as a new interpreter would: with arguments, output, folder, session and inherited sockets of its own.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import runpy
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from signal import Signals
from typing import Any

from project.embedded.processes import follow_parent

MESSAGE_BYTES = 65_536
SOCKETS_MAX = 16
OWN_FILES = 512
"""File descriptors from here on are those that imports leave open; below, a child can have every number that its arguments name."""
IMPORTED = (
    "project.asgi",
    "project.urls",
    "project.worker",
    "project.management.commands.run_worker",
    "uvicorn.lifespan.on",
    "uvloop",
    "project.paced_server",
    "gateway.uvicorn_protocol",
    "project.http_protocol",
)
"""What the programs import as they start. Not `project.serve` itself, which runs, and not what needs daphne's reactor."""


def import_project(channel: socket.socket) -> None:
    """Import what all programs need, and leave nothing behind that a child must not share: no connection, no thread, no event loop."""
    gc.disable()
    with low_numbers_taken():
        for name in IMPORTED:
            import_module(name)
        forget_reactor()
    gc.collect()
    gc.freeze()  # a child's collector would write to every page, and so copy it
    assert threading.active_count() == 1, f"only one thread outlives a fork: {threading.enumerate()}"
    assert open_sockets() == {channel.fileno()}, "an import has left a connection open"


def open_sockets() -> set[int]:
    """Return the numbers of all sockets of this process."""
    return {int(file.name) for file in Path("/proc/self/fd").iterdir() if file.is_socket()}


@contextmanager
def low_numbers_taken() -> Iterator[None]:
    """Let what is opened meanwhile have high numbers."""
    taken = [os.open(os.devnull, os.O_RDONLY)]
    while taken[-1] < OWN_FILES - 1:
        taken.append(os.dup(taken[0]))
    yield
    for file in taken:
        os.close(file)


def forget_reactor() -> None:
    """Let every child install a reactor when it imports daphne's server: the event loop of ours would be the loop of all."""
    import daphne
    import twisted.internet

    sys.modules.pop("daphne.server").twisted_loop.close()
    del daphne.server, sys.modules["twisted.internet.reactor"], twisted.internet.reactor


def serve(channel: socket.socket) -> list[str] | None:
    """Answer until the other end is closed, and return None; return the arguments of a program in the process that is to run it."""
    parent = os.getpid()
    while True:
        message, files, *_ = socket.recv_fds(channel, MESSAGE_BYTES, SOCKETS_MAX)
        if not message:
            return None
        request = json.loads(message)
        if "pid" in request:
            answer = exit_code_of(request["pid"])
        elif (answer := os.fork()) == 0:
            channel.close()
            settle(parent, request, files)
            return list(request["argv"])
        for file in files:
            os.close(file)
        channel.send(json.dumps(answer).encode())


def exit_code_of(pid: int) -> int | None:
    """Return the exit code of a child that has ended, negative for a signal; the kernel tells it once."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def settle(parent: int, request: dict[str, Any], files: list[int]) -> None:
    """Become a process of its own: session, death with its parent, output, inherited sockets by their numbers, folder."""
    os.setsid()
    follow_parent(parent, Signals(request["stop_signal"]))()
    log, *sockets = (fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, OWN_FILES) for file in files)
    for file in files:
        os.close(file)
    for file, number in zip([log, log, *sockets], [1, 2, *request["sockets"]], strict=True):
        os.dup2(file, number)
    for file in (log, *sockets):
        os.close(file)
    os.chdir(request["folder"])


def run(argv: list[str]) -> None:
    """Run what `python ARGV...` would run."""
    gc.enable()
    if argv[0] == "-m":
        sys.argv = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = argv
        runpy.run_path(argv[0], run_name="__main__")


def main() -> None:
    """Serve on the inherited socket that the only argument names."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    import_project(channel)
    if argv := serve(channel):
        run(argv)


if __name__ == "__main__":
    main()
