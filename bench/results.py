"""What was measured: a row per goal, and the figures of each contestant that rows are made of. Nothing is measured here."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

COMPARISONS = {">=": operator.ge, "<=": operator.le}
ROW_HEADS = ("work", "ours", "peer", "", "ratio", "goal", "holds")
FIGURE_HEADS = ("contestant", "setting", "CPU us/delivery", "deliveries/s", "p50 ms", "p99 ms", "memory MB")


@dataclass(frozen=True)
class Row:
    """One goal. `ratio` is what is compared with the goal: ours to the peer's, or ours alone where there is no peer.

    `holds` is None where the peer is absent, or is there only to be shown. `more` keeps what a doubtful figure can be looked into
    with, as far as the contestants' figures do not tell.
    """

    work: str
    unit: str
    ours: float
    peer_name: str
    peer: float | None
    ratio: float | None
    comparison: Literal[">=", "<="]
    goal: float | None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool | None:
        """Whether the goal is reached."""
        if self.ratio is None or self.goal is None:
            return None
        return bool(COMPARISONS[self.comparison](self.ratio, self.goal))


@dataclass(frozen=True)
class Figure:
    """One contestant in one setting: the middle of its runs, and every run.

    `window` is the number of messages in flight per room, or None where `rate` messages were sent per second, come what may;
    `keeps_up` is False when they could not be delivered at that rate.
    """

    contestant: str
    version: str
    members: int
    window: int | None
    rate: float | None
    cpu_us: float
    deliveries: float
    p50_ms: float
    p99_ms: float
    memory_mb: float
    keeps_up: bool
    runs: Sequence[Mapping[str, Any]]

    @property
    def setting(self) -> str:
        """What distinguishes it from the contestant's other figures."""
        pace = f"window {self.window}" if self.window is not None else f"{self.rate:g}/s"
        return f"{self.members:,} members, {pace}"


def against(
    work: str,
    unit: str,
    ours: float,
    peer_name: str,
    peer: float | None,
    *,
    goal: float | None,
    ratio: float | None = None,
    **more: Any,
) -> Row:
    """Return the row of a goal that is a multiple of what a peer reaches; a peer without speed or absent leaves it open.

    `ratio` is that of runs side by side, where there are several; else it is that of the two figures.
    """
    found = ratio if ratio is not None else ours / peer if peer else None
    return Row(work, unit, ours, peer_name, peer, found, ">=", goal, more)


def at_most(work: str, unit: str, ours: float, peer_name: str, peer: float, goal: float, **more: Any) -> Row:
    """Return the row of a goal that ours is at most a multiple of another figure."""
    return Row(work, unit, ours, peer_name, peer, ours / peer if peer else None, "<=", goal, more)


def alone(work: str, unit: str, ours: float, comparison: Literal[">=", "<="], goal: float, **more: Any) -> Row:
    """Return the row of a goal that is a figure of its own."""
    return Row(work, unit, ours, "", None, ours, comparison, goal, more)


def row_cells(row: Row) -> tuple[str, ...]:
    """Return a row as texts, in the order of `ROW_HEADS`."""
    verdict = {True: "yes", False: "NO", None: "-"}[row.holds]
    peer = "-" if row.peer is None else readable(row.peer)
    ratio = "-" if row.ratio is None or not row.peer_name else f"{row.ratio:.2f}"
    goal = "-" if row.goal is None else f"{row.comparison} {row.goal:g}"
    return row.work, f"{readable(row.ours)} {row.unit}".strip(), peer, row.peer_name, ratio, goal, verdict


def figure_cells(figure: Figure) -> tuple[str, ...]:
    """Return a figure as texts, in the order of `FIGURE_HEADS`; who cannot keep up has no latency to speak of."""
    late = [_latency(value, figure.keeps_up) for value in (figure.p50_ms, figure.p99_ms)]
    cost = readable(figure.cpu_us) if figure.deliveries else "-"
    memory = readable(figure.memory_mb) if figure.memory_mb else "-"
    return figure.contestant, figure.setting, cost, readable(figure.deliveries), *late, memory


def _latency(milliseconds: float, keeps_up: bool) -> str:
    if not keeps_up:
        return "falls behind"
    return readable(milliseconds) if milliseconds else "-"


def readable(number: float) -> str:
    """Return a number with three or four figures, or in full where it is large."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def text_table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return lines of text in columns."""
    cells = [heads, *lines]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
