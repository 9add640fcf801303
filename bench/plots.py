"""Draws what was measured, as PNG: colours that everybody can tell apart, and a marker per contestant for who sees none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from bench.record import Entry
from bench.results import Figure, Row

COLOURS = ("#000000", "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c", "#7a5195", "#6b4c16")
MARKERS = "osD^vPX*<>"
OURS = "portcullis"
SIZE, DOTS = (9.0, 5.0), 130
STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
}

Lines = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def draw(entries: Mapping[str, Entry], folder: Path) -> list[Path]:
    """Draw what there are measurements for, and return the images."""
    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with mpl.rc_context(STYLE):
        for name, (works, plot) in _PLOTS.items():
            if works <= entries.keys():
                drawn.append(folder / f"bench-{name}.png")
                picture = plot(entries)
                picture.savefig(drawn[-1], dpi=DOTS, bbox_inches="tight")
                plt.close(picture)
    return drawn


def _draw_fanout(entries: Mapping[str, Entry]) -> Any:
    return _by_window(entries, "deliveries/s", lambda figure: figure.deliveries)


def _draw_cost(entries: Mapping[str, Entry]) -> Any:
    return _by_window(entries, "CPU microseconds per delivery", lambda figure: figure.cpu_us)


def _by_window(entries: Mapping[str, Entry], label: str, value: Callable[[Figure], float]) -> Any:
    figures = [figure for figure in entries["fanout"].figures if not figure.contestant.endswith(", again")]
    picture, axes = plt.subplots(figsize=SIZE)
    _draw_lines(axes, _lines(figures, lambda figure: figure.window or 0, value), _styles(entries))
    axes.set(xlabel="messages in flight (window)", ylabel=label)
    _list_lines(axes)
    return picture


def _draw_latency(entries: Mapping[str, Entry]) -> Any:
    figures = [figure for figure in entries["latency"].figures if figure.keeps_up]
    picture, (left, right) = plt.subplots(1, 2, figsize=SIZE, sharey=True)
    _draw_lines(left, _lines(figures, _rate, lambda figure: figure.p50_ms), _styles(entries))
    _draw_lines(right, _lines(figures, _rate, lambda figure: figure.p99_ms), _styles(entries))
    left.set(xlabel="messages/s, each to 500 sockets", ylabel="milliseconds from when a message was due", title="p50")
    right.set(xlabel="messages/s, each to 500 sockets", title="p99")
    _list_lines(right)
    return picture


def _rate(figure: Figure) -> float:
    return figure.rate or 0


def _draw_sockets(entries: Mapping[str, Entry]) -> Any:
    picture, (left, right) = plt.subplots(1, 2, figsize=SIZE)
    _draw_connects(left, entries["connects"].rows)
    _draw_memory(right, entries["memory"].rows)
    picture.tight_layout(w_pad=3)
    return picture


def _draw_connects(axes: Any, rows: Sequence[Row]) -> None:
    """Draw bars: ours, the tutorial, and the goal as a line."""
    alone, against = rows[0], rows[1]
    names = [OURS, against.peer_name.replace(", ", ",\n")]
    bars = axes.bar(names, [alone.ours, against.peer or 0], color=(COLOURS[0], COLOURS[7]), width=0.5)
    axes.bar_label(bars, fmt="{:,.0f}")
    axes.axhline(alone.goal, color=COLOURS[6], linestyle="--", label=f"goal: {alone.goal:g}/s")
    axes.set(ylabel="sockets/s", title=alone.work.replace(": ", ":\n"))
    axes.legend(frameon=False)


def _draw_memory(axes: Any, rows: Sequence[Row]) -> None:
    """Draw the memory of each cycle, and how much of it the goal allows."""
    marginal, back, new, _ = rows
    top = 0.0
    for number, (row, name) in enumerate([(back, "the same people"), (new, "new people each time")]):
        plateaus = [size / 2**20 for size in row.more["plateaus"]]
        allowed = plateaus[0] * (row.goal or 1)
        top = max(top, allowed, *plateaus)
        axes.plot(plateaus, color=COLOURS[number], marker=MARKERS[number], label=name)
        axes.axhline(allowed, color=COLOURS[number], linestyle="--", label=f"goal: {row.goal:g}x the first")
    title = f"memory of the group;\n{marginal.ours:.1f} KB per idle socket (goal: {marginal.goal:g})"
    axes.set(xlabel="cycle", ylabel="MB", title=title, ylim=(0, top * 1.2))
    axes.legend(frameon=False, loc="lower right")


def _styles(entries: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    """Return how each contestant looks, the same in every plot; ours are thick."""
    figures = [figure for entry in entries.values() for figure in entry.figures if entry.work in ("fanout", "latency")]
    names = dict.fromkeys(sorted((figure.contestant for figure in figures), key=lambda name: not name.startswith(OURS)))
    shown = [name for name in names if not name.endswith(", again")]
    return {
        name: {"color": colour, "marker": marker, "linewidth": 3 if name.startswith(OURS) else 1.5, "label": name}
        for name, colour, marker in zip(shown, COLOURS, MARKERS, strict=False)
    }


def _lines(figures: Sequence[Figure], place: Callable[[Figure], float], value: Callable[[Figure], float]) -> Lines:
    """Return places and values by contestant, what has no speed left out."""
    lines: dict[str, tuple[list[float], list[float]]] = {}
    for figure in figures:
        if figure.deliveries:
            places, values = lines.setdefault(figure.contestant, ([], []))
            places.append(place(figure))
            values.append(value(figure))
    return lines


def _draw_lines(axes: Any, lines: Lines, styles: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw a line per contestant, on logarithmic axes."""
    for name, (places, values) in lines.items():
        axes.plot(places, values, markersize=7, **styles[name])
    axes.set(xscale="log", yscale="log", xticks=sorted({place for places, _ in lines.values() for place in places}))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _list_lines(axes: Any) -> None:
    """List the lines beside the plot, in the order of their ends from top to bottom."""
    lines = sorted(axes.get_lines(), key=lambda line: -line.get_ydata()[-1])
    axes.legend(handles=lines, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


_PLOTS: Mapping[str, tuple[set[str], Callable[[Mapping[str, Entry]], Any]]] = {
    "fanout": ({"fanout"}, _draw_fanout),
    "cost": ({"fanout"}, _draw_cost),
    "latency": ({"latency"}, _draw_latency),
    "sockets": ({"connects", "memory"}, _draw_sockets),
}
