"""What operators do, and what clocks do: restarts, a tiny pool, steps of the wall clock."""

from __future__ import annotations

import asyncio

from tests.torture.faults.menu import EVERYTHING, Stage, fault

ROLLING_RESTART = "rolling restart"
CLOCK_STEPS = "clock steps"
STEPS_SECONDS = (40, -40, 250, -200, 0)


@fault("pool of one", part="gateway")
async def pool_of_one(stage: Stage) -> str:
    """A gateway that may open one connection to PostgreSQL."""
    node = stage.node
    await stage.cluster.restart_gracefully(node, DATABASE_POOL_MIN_SIZE="1", DATABASE_POOL_MAX_SIZE="1")
    await asyncio.sleep(stage.seconds(3, 10))
    usual = stage.cluster.group.environment.get("DATABASE_POOL_MAX_SIZE")
    await stage.cluster.restart_gracefully(node, DATABASE_POOL_MIN_SIZE=None, DATABASE_POOL_MAX_SIZE=usual)
    return node.child.program.name


@fault(ROLLING_RESTART, part=EVERYTHING)
async def rolling_restart(stage: Stage) -> str:
    """Every gateway in turn is drained and started again; whoever obeys sees no error (the run looks at that)."""
    for node in stage.cluster.nodes:
        await stage.cluster.restart_gracefully(node)
    return f"{len(stage.cluster.nodes)} gateways"


@fault(CLOCK_STEPS, part="gateway")
async def step_clock(stage: Stage) -> str:
    """A gateway whose wall clock jumps forth and back; monotonic time goes on as usual."""
    if stage.clock is None:
        return "absent: libfaketime is not to be had"
    node, file = stage.node, stage.cluster.home.logs / "clock"
    file.write_text("+0s")
    file.chmod(0o644)
    await stage.cluster.restart_gracefully(
        node,
        LD_PRELOAD=str(stage.clock),
        FAKETIME_TIMESTAMP_FILE=str(file),
        FAKETIME_CACHE_DURATION="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    )
    for step in STEPS_SECONDS:
        file.write_text(f"{step:+}s")
        await asyncio.sleep(stage.seconds(2, 4))
    await stage.cluster.restart_gracefully(
        node,
        LD_PRELOAD=None,
        FAKETIME_TIMESTAMP_FILE=None,
        FAKETIME_CACHE_DURATION=None,
        FAKETIME_DONT_FAKE_MONOTONIC=None,
    )
    return f"{node.child.program.name}, {len(STEPS_SECONDS)} steps"
