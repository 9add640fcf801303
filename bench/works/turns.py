"""Several contestants measured in turns, A-B-B-A: every other round runs backwards, so that a slow change of the machine hits all alike."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.load import Load, Run, opened
from bench.processes import memory
from bench.servers import Contestant
from bench.works.measuring import Measured, Pace, meter_of


@dataclass(frozen=True)
class Turn:
    """A contestant with so many sockets in one room. The same one may take several turns in a round, under other names."""

    contestant: Contestant
    members: int
    name: str = ""

    @property
    def label(self) -> str:
        """What it is called in the results."""
        return self.name or self.contestant.name


Speeds = dict[tuple[str, int], Measured]


def in_windows(turns: Sequence[Turn], windows: Sequence[int], pace: Pace) -> Speeds:
    """Measure with so many messages in flight, all contestants with one window before the next.

    Sockets are opened anew for each window: ours live no longer than their proof, which is good for five minutes.
    """
    found: Speeds = {}
    for window in windows:
        _say(f"window {window}")
        with _opened(turns) as loads:
            runs: list[list[Run]] = [[] for _ in turns]
            for number in range(pace.rounds):
                for position in _order(len(turns), number):
                    runs[position].append(_run(turns[position], loads[position], pace, window=window))
            for turn, of_turn in zip(turns, runs, strict=True):
                found[turn.label, window] = _measured(turn, of_turn, window=window)
    return found


def at_rates(turns: Sequence[Turn], rates: Sequence[float], pace: Pace) -> list[Measured]:
    """Measure with so many messages per second, from few to many. Who falls behind is not asked for more."""
    found: list[Measured] = []
    able = list(turns)
    for rate in rates:
        _say(f"{rate:g}/s")
        with _opened(able) as loads:
            runs: list[list[Run]] = [[] for _ in able]
            for number in range(pace.rounds):
                for position in _order(len(able), number):
                    if _measured(able[position], runs[position], rate=rate).keeps_up:
                        runs[position].append(_run(able[position], loads[position], pace, rate=rate))
            measured = [_measured(turn, of_turn, rate=rate) for turn, of_turn in zip(able, runs, strict=True)]
        found += measured
        able = [turn for turn, of_turn in zip(able, measured, strict=True) if of_turn.keeps_up]
    return found


def _say(setting: str) -> None:
    """Tell who waits what goes on: a work takes minutes."""
    sys.stderr.write(f"  {setting}\n")


def _order(count: int, number: int) -> Sequence[int]:
    return range(count) if number % 2 == 0 else range(count)[::-1]


@contextmanager
def _opened(turns: Sequence[Turn]) -> Iterator[list[Load]]:
    """Open everybody's sockets; they stay open while the others are measured."""
    with ExitStack() as stack:
        plans = (turn.contestant.plan(turn.members, turn.members) for turn in turns)
        yield [stack.enter_context(opened(plan)) for plan in plans]


def _run(turn: Turn, load: Load, pace: Pace, *, window: int = 0, rate: float = 0) -> Run:
    meter = meter_of(turn.contestant.pids)
    return load.run(window=window, rate=rate, warm=pace.warm, seconds=pace.seconds, meter=meter)


def _measured(turn: Turn, runs: Sequence[Run], *, window: int | None = None, rate: float | None = None) -> Measured:
    what = turn.label, turn.contestant.version, turn.members, window, rate
    return Measured(*what, runs, memory(turn.contestant.pids).total if runs else 0)
