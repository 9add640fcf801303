"""The wires between clients and gateways break, loudly, silently, or for a while."""

from __future__ import annotations

import asyncio

from tests.torture.faults.menu import Stage, fault

NOTICED_SECONDS = 8.0  # a client pings every three seconds and waits five for the answer


@fault("connections reset", part="network")
async def reset_connections(stage: Stage) -> str:
    share = stage.chance.choice((0.1, 0.5, 1.0))
    wires = [wire for node in stage.cluster.nodes for wire in node.proxy.wires(share, stage.chance)]
    for wire in wires:
        wire.reset()
    return f"{len(wires)} connections"


@fault("connections half open", part="network")
async def half_open_connections(stage: Stage) -> str:
    """From some moment on nothing arrives any more, in one direction or both, and nobody is told."""
    wires = [wire for node in stage.cluster.nodes for wire in node.proxy.wires(0.3, stage.chance)]
    for wire in wires:
        wire.swallow(*stage.chance.choice((("up",), ("down",), ("up", "down"))))
    await asyncio.sleep(NOTICED_SECONDS)
    return f"{len(wires)} connections"


@fault("network stalled", part="network")
async def stall_connections(stage: Stage) -> str:
    """Everything is held back for a while and then arrives."""
    seconds = stage.seconds(1, 4)
    wires = [wire for node in stage.cluster.nodes for wire in node.proxy.wires(0.6, stage.chance)]
    for wire in wires:
        wire.stall(seconds)
    await asyncio.sleep(seconds)
    return f"{len(wires)} connections, {seconds:.1f} s"
