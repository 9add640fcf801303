"""The children of the supervisor: started in order, restarted when they die, stopped in the opposite order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from project.embedded.processes import Child

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0  # new connections queue at a gateway's socket meanwhile
HEALTHY_SECONDS = 60.0
Say = Callable[[str], None]


@dataclass
class Member:
    """A child and the story of its restarts."""

    child: Child
    started_at: float
    failures: int = 0
    restart_at: float | None = None


class Family:
    """All children, oldest first. Not thread-safe: one loop calls `look_after` every now and then.

    `ended` is called with the process id of each child that ended by itself.
    """

    def __init__(
        self,
        say: Say,
        clock: Callable[[], float] = time.monotonic,
        *,
        ended: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._members: list[Member] = []
        self._say = say
        self._clock = clock
        self._ended = ended

    def adopt(self, child: Child) -> None:
        """Look after a child that runs."""
        self._members.append(Member(child, self._clock()))

    def look_after(self) -> None:
        """Notice who died, and start again whose pause is over."""
        for member in self._members:
            if member.restart_at is None:
                self._notice_end(member)
            elif self._clock() >= member.restart_at:
                member.child.start()
                member.started_at, member.restart_at = self._clock(), None

    def stop(self, *, in_a_hurry: Callable[[], bool]) -> None:
        """Stop everyone, youngest first; those of one kind (the gateways) together. A hurry kills instead of asking."""
        while self._members:
            kind = self._members[-1].child.program.kind
            leaving = [member.child for member in self._members if member.child.program.kind == kind]
            self._members = [member for member in self._members if member.child.program.kind != kind]
            for child in leaving:
                child.ask_to_stop()
            for child in leaving:
                self._see_off(child, in_a_hurry)

    def _notice_end(self, member: Member) -> None:
        code = member.child.exit_code
        if code is None:
            return
        self._ended(member.child.pid)
        healthy = self._clock() - member.started_at > HEALTHY_SECONDS
        member.failures = 1 if healthy else member.failures + 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (member.failures - 1), LONGEST_PAUSE_SECONDS)
        member.restart_at = self._clock() + pause
        program = member.child.program
        self._say(f"{program.name} ended ({_describe(code)}) and starts again in {pause:g} s; see {program.log}")

    def _see_off(self, child: Child, in_a_hurry: Callable[[], bool]) -> None:
        deadline = self._clock() + child.program.stop_seconds
        while not child.wait(0.1):
            if in_a_hurry() or self._clock() > deadline:
                child.kill()
                self._say(f"{child.program.name} did not stop in time and was killed.")


def _describe(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
