"""Gateways and the worker are killed; anything is frozen, with all its children, and goes on."""

from __future__ import annotations

import asyncio

from project.embedded.processes import Child
from tests.torture.faults.menu import Stage, fault

FREEZE_SECONDS = (2.0, 6.0, 20.0)


@fault("gateway killed", part="gateway")
async def kill_gateway(stage: Stage) -> str:
    node = stage.node
    stage.cluster.kill(node.child)
    await stage.cluster.serves(node)
    return node.child.program.name


@fault("worker killed", part="worker")
async def kill_worker(stage: Stage) -> str:
    stage.cluster.kill(stage.cluster.worker)
    await asyncio.sleep(1)
    return ""


@fault("gateway frozen", part="gateway")
async def freeze_gateway(stage: Stage) -> str:
    return await _freeze(stage, stage.node.child)


@fault("Redis frozen", part="Redis")
async def freeze_redis(stage: Stage) -> str:
    return await _freeze(stage, stage.cluster.redis)


@fault("PostgreSQL frozen", part="PostgreSQL")
async def freeze_postgres(stage: Stage) -> str:
    return await _freeze(stage, stage.cluster.postgres.child)


@fault("worker frozen", part="worker")
async def freeze_worker(stage: Stage) -> str:
    return await _freeze(stage, stage.cluster.worker)


async def _freeze(stage: Stage, child: Child) -> str:
    seconds = min(stage.chance.choice(FREEZE_SECONDS), stage.longest)
    pids = stage.cluster.freeze(child)
    try:
        await asyncio.sleep(seconds)
    finally:
        for pid in pids:
            stage.cluster.thaw(pid)
    return f"{seconds:g} s"
