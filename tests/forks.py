"""Children that are forked from a process which has imported the project already, instead of importing it each by itself (ADR 50)."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from project.embedded.processes import Child, Program
from project.supervisor.programs import ROOT
from tests.fork_server import MESSAGE_BYTES, OWN_FILES

ANSWER_SECONDS = 180.0
Starter = Callable[[Program], Child]
"""Makes a child that is not started yet, as `Child` itself does."""
Starting = Callable[[Mapping[str, str], Path], AbstractContextManager[Starter]]
"""Makes a starter for an environment; the path is for the log of what stands behind it."""


class ForkServer:
    """The process that forks, and its answers. All that it forks has the environment that it was started in."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment = environment
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.settimeout(ANSWER_SECONDS)
        self._lock = Lock()
        argv = [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())]
        self._child = Child(Program("fork server", argv, log, environment, ROOT, sockets=(theirs.fileno(),)))
        with theirs:
            self._child.start()

    def fork(self, program: Program) -> int:
        """Have a program forked off that Python would run; return the process id. Refuses another environment than ours."""
        if program.environment != self._environment:
            raise ValueError(f"{program.name} has another environment than the fork server")
        if any(number >= OWN_FILES for number in program.sockets):
            raise ValueError(f"{program.name} inherits a file whose number is not below {OWN_FILES}")
        request = {
            "argv": program.argv[1:],
            "folder": str(program.folder),
            "sockets": program.sockets,
            "stop_signal": program.stop_signal,
        }
        with program.log.open("ab") as log:
            return int(self.ask(request, log.fileno(), *program.sockets))

    def ask(self, request: Mapping[str, Any], *files: int) -> Any:
        """Send a request, and return the answer."""
        with self._lock:
            socket.send_fds(self._channel, [json.dumps(request).encode()], files)
            answer = self._channel.recv(MESSAGE_BYTES)
        if not answer:
            raise RuntimeError(f"the fork server ended:\n{self._child.last_words(30)}")
        return json.loads(answer)

    def stop(self) -> None:
        """End it, and with it whatever it has forked that still runs."""
        self._channel.close()
        self._child.stop()


class ForkedProcess:
    """What `subprocess.Popen` is to a `Child`, for a process whose parent is the fork server."""

    stdin = None

    def __init__(self, server: ForkServer, program: Program) -> None:
        self._server = server
        self.args = program.argv
        self.returncode: int | None = None
        self.pid = server.fork(program)

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        if self.returncode is None:
            self.returncode = self._server.ask({"pid": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code. Raises `subprocess.TimeoutExpired`."""
        if self.poll() is None:
            self._wait_for_end(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return code

    def _wait_for_end(self, timeout: float | None) -> None:
        end = os.pidfd_open(self.pid)
        try:
            waiting = select.poll()
            waiting.register(end, select.POLLIN)
            waiting.poll(None if timeout is None else timeout * 1000)
        finally:
            os.close(end)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process is known to be gone: its id is nobody else's until we have asked for its exit code."""
        if self.poll() is None:
            os.kill(self.pid, number)


class ForkedChild(Child):
    """A child that starts by a fork. What it runs must be a program for Python, without input and with the user that we are."""

    def __init__(self, server: ForkServer, program: Program) -> None:
        super().__init__(program)
        self._server = server

    def start(self) -> None:
        """Start the program in a session of its own."""
        self._process = ForkedProcess(self._server, self.program)


@contextmanager
def forked(environment: Mapping[str, str], log: Path) -> Iterator[Starter]:
    """Yield what makes children by forks of one process, with this environment; end all of them at the end."""
    server = ForkServer(environment, log)
    try:
        yield lambda program: ForkedChild(server, program)
    finally:
        server.stop()


@contextmanager
def executed(environment: Mapping[str, str], log: Path) -> Iterator[Starter]:
    """Yield what starts every child by its command line, as production does."""
    yield Child


quickest: Starting = forked if sys.platform == "linux" else executed
