"""Draws what was measured, as PNG: colours that everybody can tell apart, and a marker per contestant for who sees none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter

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
    "grid.color": "#dddddd",
}


def draw(entries: Mapping[str, Entry], folder: Path) -> list[Path]:
    """Draw what there are measurements for, and return the images."""
    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with mpl.rc_context(STYLE):
        for name, plot in {"fanout": _speed, "cost": _cost, "latency": _latency, "sockets": _sockets}.items():
            if (figure := plot(entries)) is not None:
                image = folder / f"bench-{name}.png"
                figure.savefig(image, dpi=DOTS, bbox_inches="tight")
                plt.close(figure)
                drawn.append(image)
    return drawn


def _speed(entries: Mapping[str, Entry]) -> Any:
    return _by_window(entries, "deliveries/s", "deliveries")


def _cost(entries: Mapping[str, Entry]) -> Any:
    return _by_window(entries, "CPU microseconds per delivery", "cpu_us")


def _by_window(entries: Mapping[str, Entry], label: str, attribute: str) -> Any:
    lines = _lines(_figures(entries, "fanout"), attribute, lambda figure: figure.window)
    if not lines:
        return None
    picture, axes = plt.subplots(figsize=SIZE)
    _plot(axes, lines)
    axes.set(xlabel="messages in flight (window)", ylabel=label)
    _legend(axes)
    return picture


def _latency(entries: Mapping[str, Entry]) -> Any:
    figures = [figure for figure in _figures(entries, "latency") if figure.keeps_up]
    if not figures:
        return None
    picture, panels = plt.subplots(1, 2, figsize=SIZE, sharey=True)
    for axes, percentile in zip(panels, ("p50", "p99"), strict=True):
        _plot(axes, _lines(figures, f"{percentile}_ms", lambda figure: figure.rate))
        axes.set(xlabel="messages/s, each to 500 sockets", title=percentile)
    panels[0].set_ylabel("milliseconds from when a message was due")
    _legend(panels[1])
    return picture


def _sockets(entries: Mapping[str, Entry]) -> Any:
    if not {"connects", "memory"} <= entries.keys():
        return None
    picture, (left, right) = plt.subplots(1, 2, figsize=SIZE)
    _draw_connects(left, entries["connects"].rows)
    _draw_memory(right, entries["memory"].rows)
    picture.tight_layout(w_pad=3)
    return picture


def _draw_connects(axes: Any, rows: Sequence[Row]) -> None:
    """Draw bars: ours, the tutorial, and the goal as a line."""
    speed, against = rows[0], rows[1]
    bars = axes.bar(
        [OURS, against.peer_name.replace(", ", ",\n")], [speed.ours, against.peer or 0], color=COLOURS[:2], width=0.5
    )
    axes.bar_label(bars, fmt="{:,.0f}")
    axes.axhline(speed.goal, color=COLOURS[2], linestyle="--", label=f"goal: {speed.goal:g}/s")
    axes.set(ylabel="sockets/s", title=speed.work.replace(": ", ":\n"))
    axes.legend(frameon=False)


def _draw_memory(axes: Any, rows: Sequence[Row]) -> None:
    """Draw the memory of each cycle, and how much of it the goal allows."""
    marginal, growth = rows
    plateaus = [size / 2**20 for size in marginal.more["plateaus"]]
    axes.plot(range(len(plateaus)), plateaus, color=COLOURS[0], marker=MARKERS[0], label="all sockets open")
    axes.axhline(
        plateaus[0] * (growth.goal or 1), color=COLOURS[2], linestyle="--", label=f"goal: {growth.goal:g}x the first"
    )
    axes.set(
        xlabel="cycle",
        ylabel="MB",
        title=f"memory of the group;\n{marginal.ours:.1f} KB per socket (goal: {marginal.goal:g})",
    )
    axes.set_ylim(0, max(plateaus) * 1.25)
    axes.legend(frameon=False, loc="lower right")


def _figures(entries: Mapping[str, Entry], work: str) -> list[Figure]:
    return (
        [figure for figure in entries[work].figures if not figure.contestant.endswith(", again")]
        if work in entries
        else []
    )


def _lines(figures: Sequence[Figure], attribute: str, place: Any) -> dict[str, tuple[list[Any], list[float]]]:
    """Return places and values by contestant, what has no speed left out."""
    lines: dict[str, tuple[list[Any], list[float]]] = {}
    for figure in figures:
        value = getattr(figure, attribute)
        if figure.deliveries and value:
            places, values = lines.setdefault(figure.contestant, ([], []))
            places.append(place(figure))
            values.append(value)
    return lines


def _plot(axes: Any, lines: Mapping[str, tuple[list[Any], list[float]]]) -> None:
    """Draw a line per contestant on logarithmic axes; ours are thick."""
    ticks = sorted({place for places, _ in lines.values() for place in places})
    for number, (name, (places, values)) in enumerate(lines.items()):
        style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)], "label": name}
        axes.plot(places, values, linewidth=3 if name.startswith(OURS) else 1.5, markersize=7, **style)
    axes.set(xscale="log", yscale="log", xticks=ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.minorticks_off()


def _legend(axes: Any) -> None:
    """List the lines beside the plot, in the order of their ends from top to bottom."""
    handles, labels = axes.get_legend_handles_labels()
    by_end = sorted(zip(handles, labels, strict=True), key=lambda pair: -pair[0].get_ydata()[-1])
    axes.legend(*zip(*by_end, strict=True), loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
