"""Fan-out: one sender, 500 followers of one room, 100-byte messages; live (already committed elsewhere) and durable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bench.ours import Durable, Live, start_gateway
from bench.peers.baseline.contestant import Baseline
from bench.peers.ejabberd import Ejabberd
from bench.peers.javascript import NodeWs, SocketIo
from bench.peers.limit import Limit
from bench.peers.nchan import Nchan
from bench.peers.python_socketio.contestant import PythonSocketIo
from bench.results import Row, alone
from bench.servers import Contestant, Services, services
from bench.works.measuring import Findings, Pace, available, rival_row
from bench.works.turns import Speeds, Turn, in_windows

Goals = Sequence[float | None]

SOCKETS = 500
WINDOWS = (1, 8, 64)
SHOWN = (None, None, None)
TUTORIAL_ROUNDS, TUTORIAL_SECONDS = (
    2,
    3,
)  # it is slower by a factor that no noise hides, and takes ten seconds to finish what is in flight
LIVE_GOALS: Mapping[str, Goals] = {
    Nchan.name: (1.0, 2.0, 4.0),
    Limit.name: (0.7, 0.4, 0.3),
    NodeWs.name: SHOWN,
    SocketIo.name: SHOWN,
    PythonSocketIo.name: SHOWN,
}
TUTORIAL_GOALS: Mapping[str, Goals] = {
    Baseline.name_of("core"): (15.0, 50.0, 100.0),
    Baseline.name_of("pubsub"): (15.0, 50.0, 100.0),
}
DURABLE_GOALS: Mapping[str, Goals] = {
    Ejabberd.name: (2.0, 8.0, 20.0),
    Nchan.name: (0.7, 1.2, 2.5),
}
AGAIN = f"{Live.name}, again"
SAME_WITHIN = 1.05


def measure(pace: Pace) -> Findings:
    """Measure ours against the limit, nchan, ejabberd, ws, Socket.IO and python-socketio; then against the tutorial on both layers."""
    findings = Findings()
    with services() as running:
        gateway = start_gateway(running)
        live, durable = Live(gateway), Durable(gateway)
        peers = available(peer_makers(running), findings)
        contestants: list[Contestant] = [live, durable, *peers]
        turns = [*(Turn(one, SOCKETS) for one in contestants), Turn(live, SOCKETS, AGAIN)]
        found = in_windows(turns, WINDOWS, pace)
        tutorials = available(tutorial_makers(running), findings)
        turns = [Turn(live, SOCKETS), *(Turn(one, SOCKETS) for one in tutorials)]
        paces = replace(pace, rounds=TUTORIAL_ROUNDS, seconds=TUTORIAL_SECONDS * pace.seconds)
        slow = in_windows(turns, WINDOWS, paces)
    findings.rows = [
        *_rows("live", live.name, found, LIVE_GOALS),
        *_rows("live", live.name, slow, TUTORIAL_GOALS),
        *_rows("durable", durable.name, found, DURABLE_GOALS),
        *(_same(found, window) for window in WINDOWS),
    ]
    kept = [*found.values(), *(measured for measured in slow.values() if measured.contestant != live.name)]
    findings.figures = [measured.figure() for measured in kept]
    findings.notes += [
        f"{one.contestant}, window {one.window}: a run has no speed: {one.violations}."
        for one in kept
        if one.violations
    ]
    return findings


def peer_makers(running: Services) -> Sequence[Callable[[], Contestant]]:
    """Return what starts the peers that are about as fast as ours, or not slower by orders of magnitude."""
    return (
        lambda: Limit(running),
        lambda: Nchan(running),
        lambda: Ejabberd(running),
        lambda: NodeWs(running),
        lambda: SocketIo(running),
        lambda: PythonSocketIo(running),
    )


def tutorial_makers(running: Services) -> Sequence[Callable[[], Contestant]]:
    """Return what starts the tutorial on each of its channel layers."""
    return lambda: Baseline(running, "core"), lambda: Baseline(running, "pubsub")


def _rows(kind: str, our_name: str, found: Speeds, goals: Mapping[str, Goals]) -> list[Row]:
    return [
        _row(f"{kind} fan-out to {SOCKETS}, window {window}", found, (our_name, peer_name), window, goal)
        for peer_name, of_peer in goals.items()
        for window, goal in zip(WINDOWS, of_peer, strict=True)
    ]


def _row(work: str, found: Speeds, names: tuple[str, str], window: int, goal: float | None) -> Row:
    ours, peer = found[names[0], window], found.get((names[1], window))
    return rival_row(work, ours, names[1], peer, goal)


def _same(found: Speeds, window: int) -> Row:
    """Return how far two equal contestants are apart, in CPU per delivery."""
    first, second = found[Live.name, window], found[AGAIN, window]
    apart = max(first.cpu, second.cpu) / min(first.cpu, second.cpu)
    work = f"the same contestant twice, CPU per delivery, window {window}"
    return alone(work, "x", apart, "<=", SAME_WITHIN, deliveries=(first.deliveries, second.deliveries))
