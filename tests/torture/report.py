"""What is shown of a run and kept of it."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.torture.history import History, Violation
from tests.torture.run import Happened, Result, kinds

SHOWN = 5
WIDTH = 120
COLUMNS = {"delivered": "Delivered", "acked": "Acked", "reconnects": "Reconnects", "retried sends": "Retried sends"}


def tell(happened: Happened) -> None:
    """Print one line as it happens."""
    counts = ", ".join(f"{happened.counts.get(key, 0):,} {key}" for key in COLUMNS)
    sys.stdout.write(
        f"{' + '.join(happened.names):<26} {happened.seconds:5.1f} s, back after {happened.recovered_seconds:4.1f} s: {counts}"
        f"{f' ({happened.note})' if happened.note else ''}\n"
    )
    sys.stdout.flush()


def show(result: Result) -> None:
    """Print the tables and the verdict."""
    console = Console(file=sys.stdout, highlight=False, width=WIDTH)
    console.print(_faults(result.faults))
    console.print(_sums(result))
    sys.stdout.write("\n".join([*_complaints(result.verdict.violations), ""]))


def keep(result: Result, folder: Path) -> Path:
    """Write the report as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "report.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    return file


def keep_history(history: History, folder: Path) -> None:
    """Write what every client saw, one object per line, for whoever looks for the cause."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "history.jsonl").open("wb") as out:
        for view in (*history.views, *history.outsiders):
            seen = [[at, seq, frame["t"]] for at, seq, frame in zip(view.times, view.seqs, view.frames, strict=True)]
            marks = [[type(mark).__name__, msgspec.structs.asdict(mark)] for mark in view.marks]
            who = {"client": view.client, "user": view.user, "topic": view.topic}
            heard = {"marks": marks, "seen": seen, "whispers": view.whispers}
            out.write(msgspec.json.encode({**who, **heard}) + b"\n")
        records_of_all = (
            history.sent.values(),
            history.acks,
            history.removals,
            history.refusals,
            history.typings,
            history.portraits.values(),
        )
        for records in records_of_all:
            for record in records:
                fields = msgspec.structs.asdict(record)
                out.write(msgspec.json.encode({"record": type(record).__name__, **fields}) + b"\n")


def _faults(faults: Sequence[Happened]) -> Table:
    table = Table(title="Faults")
    table.add_column("Fault")
    for name in ("Times", "Seconds", "Longest recovery", *COLUMNS.values()):
        table.add_column(name, justify="right")
    rows: dict[str, list[Happened]] = defaultdict(list)
    for one in faults:
        rows[one.names[0] if len(one.names) == 1 else "two at once"].append(one)
    for name, same in rows.items():
        sums = [f"{sum(one.counts.get(key, 0) for one in same):,}" for key in COLUMNS]
        seconds, longest = sum(one.seconds for one in same), max(one.recovered_seconds for one in same)
        table.add_row(name, str(len(same)), f"{seconds:.0f}", f"{longest:.1f} s", *sums)
    return table


def _sums(result: Result) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    counts, verdict = result.counts, result.verdict
    rows = {
        "Seed": str(result.seed),
        "Duration": f"{result.seconds:.0f} s",
        "Faults": f"{sum(len(one.names) for one in result.faults)}",
        "Messages acknowledged": f"{counts.get('acked', 0):,}",
        "Sends repeated": f"{counts.get('retried sends', 0):,}",
        "Reconnects": f"{counts.get('reconnects', 0):,}",
        "Removals from a room, from everything, bans, by a gate": ", ".join(
            f"{counts.get(key, 0):,}" for key in ("removals", "removals from everything", "bans", "gates")
        ),
        "Reviews of all topics": f"{counts.get('reviews', 0):,}",
        "Typing told, heard": f"{counts.get('typings', 0):,}, {counts.get('typing heard', 0):,}",
        "Presence changed, heard": f"{counts.get('portraits', 0):,}, {counts.get('presence heard', 0):,}",
        "Deliveries expected": f"{verdict.expected:,}",
        "Deliveries seen": f"{verdict.delivered:,}",
        "Violations": f"{len(verdict.violations):,}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _complaints(violations: Sequence[Violation]) -> list[str]:
    if not violations:
        return ["Nothing lost, doubled, out of order or shown to anybody who may not see it."]
    lines = []
    for kind, count in kinds(violations).items():
        examples = [violation.text for violation in violations if violation.kind == kind][:SHOWN]
        lines += [f"{kind}: {count:,}", *(f"  {text}" for text in examples)]
    return lines
