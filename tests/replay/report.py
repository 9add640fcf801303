"""What is printed after a replay: a table, what would make it faster, and the verdict."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.replay.run import Result
from tests.replay.verdict import percentile, shortened


def show(result: Result) -> int:
    """Print everything and return the exit code."""
    console = Console(file=sys.stdout, highlight=False)
    console.print(_table(result))
    if result.limits:
        console.print(_advice(result))
    for complaint in shortened(result.complaints):
        console.print(f"  {complaint}", markup=False)
    return 1 if result.complaints else 0


def _table(result: Result) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    skipped = f" ({result.unsayable} odd ones skipped)" if result.unsayable else ""
    rows = {
        "Lines": f"{result.lines:,}{skipped}",
        "Sockets": f"{result.sockets:,}",
        "Gateway processes": f"{result.processes}",
        "Duration": f"{result.seconds:.2f} s",
        "Messages": f"{result.lines / result.seconds:,.0f}/s",
        "Deliveries": f"{result.deliveries:,}, {result.deliveries / result.seconds:,.0f}/s",
        "Send to ack, p50 / p99": _latency(result.ack_latencies),
        "Send to arrival, p50 / p99": _latency(result.delivery_latencies),
        "Sockets that broke and resumed": f"{result.breaks}",
        "Verdict": f"{len(result.complaints)} things are wrong"
        if result.complaints
        else "nothing lost, doubled or out of order",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _latency(values: Sequence[float]) -> str:
    return f"{percentile(values, 0.5) * 1000:,.0f} / {percentile(values, 0.99) * 1000:,.0f} ms"


def _advice(result: Result) -> str:
    """Say which settings of the server held us up."""
    names = " ".join(f"RATE_{name.upper().replace('.', '_')}=1000000/60" for name in sorted(result.limits))
    return (
        f"The server's rate limits made {sum(result.limits.values()):,} attempts wait; nothing was lost by that. "
        f"For full speed, start it with {names}."
    )
