"""Fan-out: one sender, 500 followers of one room, 100-byte messages; live (already committed elsewhere) and durable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.ours import Durable, Live, start_gateway
from bench.peers.baseline.contestant import Baseline
from bench.peers.ejabberd import Ejabberd
from bench.peers.javascript import NodeWs, SocketIo
from bench.peers.limit import Limit
from bench.peers.nchan import Nchan
from bench.results import against, alone
from bench.servers import Contestant, services
from bench.works.measuring import Findings, Measured, Pace, available, in_turns

Goals = tuple[float | None, ...]
Speeds = Mapping[tuple[str, int], Measured]

SOCKETS = 500
WINDOWS = (1, 8, 64)
SHOWN = (None, None, None)
LIVE_GOALS: Mapping[str, Goals] = {
    Nchan.name: (1.0, 2.0, 4.0),
    Baseline.name_of("core"): (15.0, 50.0, 100.0),
    Baseline.name_of("pubsub"): (15.0, 50.0, 100.0),
    Limit.name: (0.7, 0.4, 0.3),
    NodeWs.name: SHOWN,
    SocketIo.name: SHOWN,
}
DURABLE_GOALS: Mapping[str, Goals] = {
    Ejabberd.name: (2.0, 8.0, 20.0),
    Nchan.name: (0.7, 1.2, 2.5),
}
SAME_WITHIN = 1.05


def measure(pace: Pace) -> Findings:
    """Measure ours against the limit, nchan, ejabberd, ws, Socket.IO and the tutorial on both channel layers."""
    findings = Findings()
    with services() as running:
        gateway = start_gateway(running)
        makers: tuple[Callable[[], Contestant], ...] = (
            lambda: Limit(running),
            lambda: Nchan(running),
            lambda: Ejabberd(running),
            lambda: NodeWs(running),
            lambda: SocketIo(running),
            lambda: Baseline(running, "core"),
            lambda: Baseline(running, "pubsub"),
        )
        peers = available(makers, findings)
        ours: list[Contestant] = [Live(gateway), Durable(gateway)]
        found = in_turns([*ours, *peers], sockets=SOCKETS, members=SOCKETS, windows=WINDOWS, pace=pace)
    _compare(findings, "live", Live.name, found, LIVE_GOALS)
    _compare(findings, "durable", Durable.name, found, DURABLE_GOALS)
    if pace.rounds > 1:
        spread = found[Live.name, 8].spread
        findings.rows.append(alone("two equal runs, live, window 8", "x", spread, "<=", SAME_WITHIN))
    return findings


def _compare(findings: Findings, kind: str, our_name: str, found: Speeds, goals: Mapping[str, Goals]) -> None:
    for peer_name, of_peer in goals.items():
        for window, goal in zip(WINDOWS, of_peer, strict=True):
            ours, peer = found[our_name, window], found.get((peer_name, window))
            findings.rows.append(
                against(
                    f"{kind} fan-out to {SOCKETS}, window {window}",
                    "deliveries/s",
                    ours.deliveries,
                    peer_name,
                    peer.deliveries if peer else None,
                    goal=goal,
                    cpu_us_per_delivery=(ours.cpu, peer.cpu if peer else None),
                    median_ms=(ours.median_ms, peer.median_ms if peer else None),
                    ours_runs=ours.details(),
                    peer_runs=peer.details() if peer else [],
                )
            )
