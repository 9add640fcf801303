"""What was measured, as rows: one per goal. Written as JSON and printed as a table; nothing is measured here."""

from __future__ import annotations

import json
import operator
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

COMPARISONS = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True)
class Row:
    """One goal. `ratio` is what is compared with the goal: ours to the peer's, or ours alone where there is no peer.

    `holds` is None where the peer is absent, or is there only to be shown. `more` keeps every run, so that a doubtful figure can
    be looked into.
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


def against(
    work: str, unit: str, ours: float, peer_name: str, peer: float | None, *, goal: float | None, **more: Any
) -> Row:
    """Return the row of a goal that is a multiple of what a peer reaches; a peer without speed or absent leaves it open."""
    ratio = ours / peer if peer else None
    return Row(work, unit, ours, peer_name, peer, ratio, ">=", goal, more)


def alone(work: str, unit: str, ours: float, comparison: Literal[">=", "<="], goal: float, **more: Any) -> Row:
    """Return the row of a goal that is a figure of its own."""
    return Row(work, unit, ours, "", None, ours, comparison, goal, more)


def write(rows: Sequence[Row], notes: Sequence[str], file: Path) -> None:
    """Write all rows with the machine that they were taken on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    found = {"machine": machine(), "notes": list(notes), "rows": [asdict(row) | {"holds": row.holds} for row in rows]}
    file.write_text(json.dumps(found, indent=1) + "\n")


def machine() -> dict[str, Any]:
    """Describe the machine, and how busy it was with other things."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "processor": model[0].partition(":")[2].strip() if model else platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }


def table(rows: Sequence[Row]) -> str:
    """Return the rows as lines of text."""
    heads = ("work", "ours", "peer", "", "ratio", "goal", "holds")
    lines = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "yes", False: "NO", None: "-"}[row.holds]
    peer = f"{row.peer:,.4g}" if row.peer is not None and row.peer < 1000 else f"{row.peer:,.0f}" if row.peer else "-"
    ratio = "-" if row.ratio is None or not row.peer_name else f"{row.ratio:.2f}"
    ours = f"{row.ours:,.0f} {row.unit}" if row.ours >= 1000 else f"{row.ours:.4g} {row.unit}"
    goal = "-" if row.goal is None else f"{row.comparison} {row.goal:g}"
    return row.work, ours, peer, row.peer_name, ratio, goal, verdict
