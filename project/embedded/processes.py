"""Child processes: how one is described, started, watched and stopped. Which children there are is decided by the callers."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from project.embedded.accounts import Account

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run: name for people, argument list, where its output goes, and how it likes to be stopped."""

    name: str
    argv: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None
    folder: Path | None = None
    account: Account | None = None
    stdin: bytes | None = None
    sockets: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0

    @property
    def kind(self) -> str:
        """What it is one of several of: `gateway` for `gateway 2`."""
        return self.name.split()[0]


class Child:
    """A process that we started. It dies with us, even when we are killed without a chance to tidy up (Linux)."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches us alone and we stop children in order."""
        program = self.program
        with program.log.open("ab") as log:
            process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL if program.stdin is None else subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=program.folder,
                env=program.environment,
                pass_fds=program.sockets,
                start_new_session=True,
                preexec_fn=follow_parent(os.getpid(), program.stop_signal),
                user=program.account.uid if program.account else None,
                group=program.account.gid if program.account else None,
                extra_groups=[] if program.account else None,
            )
        if process.stdin is not None:
            process.stdin.write(program.stdin or b"")
            process.stdin.close()
        self._process = process

    @property
    def pid(self) -> int:
        """The process id; only valid after `start`."""
        return self._started.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, or None while the process runs."""
        return self._started.poll()

    def ask_to_stop(self) -> None:
        """Send the program's own stop signal, if it still runs."""
        if self.exit_code is None:
            self._started.send_signal(self.program.stop_signal)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the process is gone, at most its own stop time unless told otherwise; False when it still runs."""
        try:
            self._started.wait(self.program.stop_seconds if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End the process and whatever it started, at once."""
        if self.exit_code is None:
            os.killpg(self._started.pid, signal.SIGKILL)
            self._started.wait()

    def stop(self) -> bool:
        """Ask, wait for as long as the program may take, then kill. False when it had to be killed."""
        self.ask_to_stop()
        if self.wait():
            return True
        self.kill()
        return False

    def last_words(self, lines: int = 3) -> str:
        """Return the end of the program's log, for a message that says why it is gone."""
        try:
            text = self.program.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join([line for line in text[-8192:].splitlines() if line.strip()][-lines:])

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self.program.name} was not started")
        return self._process


def follow_parent(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """Return what runs in the child between fork and exec: receive signals again, and get `death_signal` when the parent dies."""

    def in_child() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if _libc is None:
            return
        # After the change of user, which clears it. The parent may have died before this call took effect.
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os._exit(1)

    return in_child
