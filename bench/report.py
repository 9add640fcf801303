"""Writes what was measured into `docs/performance.md`, between markers, so that no figure is ever typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.record import Entry
from bench.results import FIGURE_HEADS, ROW_HEADS, figure_cells, row_cells

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, IMAGES = DOCS / "performance.md", DOCS / "images"
PLOTS = {
    "fanout": "Fan-out to 500 sockets: deliveries per second by the number of messages in flight",
    "cost": "The same runs: CPU time of the whole server group per delivery",
    "latency": "Latency of a fan-out to 500 at fixed rates; a line ends where the server falls behind",
    "sockets": "Opening sockets, and the memory of the whole server group while idle sockets come and go",
}
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(entries: Mapping[str, Entry], page: Path) -> Path:
    """Replace what stands between the markers of the page; a page without them is written anew."""
    measured = "\n".join([BEGIN, *_sections(entries, page.parent / IMAGES.name), END])
    text = page.read_text() if page.exists() else ""
    before, found, rest = text.partition(BEGIN)
    page.write_text(before + measured + rest.partition(END)[2] if found else measured + "\n")
    return page


def _sections(entries: Mapping[str, Entry], images: Path) -> list[str]:
    lines = ["", "## Goals", *_held(entries)]
    for entry in entries.values():
        if entry.rows:
            lines += [
                f"### {entry.work}",
                _origin(entry),
                "",
                *_table(ROW_HEADS, [row_cells(row) for row in entry.rows]),
            ]
    lines += ["## Plots"]
    for name, caption in PLOTS.items():
        image = images / f"bench-{name}.png"
        lines += [f"![{caption}]({images.name}/{image.name})", "", f"*{caption}*", ""] if image.exists() else []
    lines += ["## Figures", "The middle of all runs; CPU is that of the whole server group.", ""]
    for entry in entries.values():
        if entry.figures:
            cells = [figure_cells(figure) for figure in entry.figures]
            lines += [f"### {entry.work}, per contestant", _origin(entry), "", *_table(FIGURE_HEADS, cells)]
    return [*lines, *_versions(entries), *_notes(entries)]


def _held(entries: Mapping[str, Entry]) -> list[str]:
    rows = [row for entry in entries.values() for row in entry.rows if row.holds is not None]
    missed = sum(row.holds is False for row in rows)
    return [f"{len(rows) - missed} of {len(rows)} goals hold; missed: {missed}.", ""]


def _origin(entry: Entry) -> str:
    machine = entry.machine
    cores = (
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gb']:g} GB, Linux {machine['kernel']}"
    )
    measured = f"Measured {entry.date} at commit {entry.commit} in {entry.seconds:,.0f} s"
    return f"{measured}; {cores}, Python {machine['python']}; load before: {entry.load_before:.2f}."


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    cells = [heads, ["---"] * len(heads), *lines]
    return [*(f"| {' | '.join(line)} |" for line in cells), ""]


def _versions(entries: Mapping[str, Entry]) -> list[str]:
    versions = {figure.contestant: figure.version for entry in entries.values() for figure in entry.figures}
    return ["## Versions", *(f"* {name}: {version}" for name, version in versions.items()), ""]


def _notes(entries: Mapping[str, Entry]) -> list[str]:
    notes = [f"* {entry.work}: {note}" for entry in entries.values() for note in entry.notes]
    return ["## Notes of the measurements", *notes, ""]
