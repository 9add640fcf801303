"""The fault menu. Each fault is a coroutine with a name: bounded in time, undone at its end, and only ever for our own processes."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from project.embedded.processes import Child
from tests.torture.cluster import Cluster, Node
from tests.torture.population import Population

FREEZE_SECONDS = (2.0, 6.0, 20.0)
SMALL_BUFFER = "pubsub 1024 0 0"
USUAL_BUFFER = "pubsub 33554432 8388608 60"
SHOUTS = 40
CLOCK_STEPS = (40, -40, 250, -200, 0)


@dataclass
class Stage:
    """What faults play with. `longest` limits how long anything stays frozen, in seconds; `clock` is the library that bends time."""

    cluster: Cluster
    population: Population
    chance: random.Random
    longest: float
    clock: Path | None = None

    @property
    def node(self) -> Node:
        """A gateway."""
        return self.chance.choice(self.cluster.nodes)

    def seconds(self, least: float, most: float) -> float:
        """Return some time within these limits and ours."""
        return min(self.chance.uniform(least, most), self.longest)


Fault = Callable[[Stage], Awaitable[str]]
MENU: dict[str, Fault] = {}
PARTS: dict[str, str] = {}
"""What each fault harms: two at once must not harm the same."""


def fault(name: str, part: str) -> Callable[[Fault], Fault]:
    """Put a fault on the menu; it returns what it did in a few words."""

    def add(function: Fault) -> Fault:
        MENU[name] = function
        PARTS[name] = part
        return function

    return add


# Processes -----------------------------------------------------------------------------------------------------------


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


# Redis ---------------------------------------------------------------------------------------------------------------


@fault("Redis stopped", part="Redis")
async def stop_redis(stage: Stage) -> str:
    """Away for some seconds; what it held is gone."""
    redis, seconds = stage.cluster.redis, stage.seconds(2, 8)
    stage.cluster.held.add(redis)
    try:
        stage.cluster.kill(redis)
        await asyncio.sleep(seconds)
    finally:
        stage.cluster.held.discard(redis)
    await _redis_answers(stage)
    return f"{seconds:.1f} s"


@fault("Redis restarted", part="Redis")
async def restart_redis(stage: Stage) -> str:
    """Gone and back at once, with nothing of what it knew."""
    redis = stage.cluster.redis
    stage.cluster.held.add(redis)
    try:
        stage.cluster.kill(redis)
        redis.wait(5)
        redis.start()
    finally:
        stage.cluster.held.discard(redis)
    await _redis_answers(stage)
    return ""


@fault("Redis emptied", part="Redis")
async def empty_redis(stage: Stage) -> str:
    """What it held is gone, and no connection breaks that would tell."""
    await asyncio.to_thread(_empty, stage.cluster)
    return ""


@fault("pub/sub clients killed", part="Redis")
async def kill_subscribers(stage: Stage) -> str:
    """The connections that doorbells come through are cut, and nobody is told what was missed."""
    killed = 0
    for _ in range(3):
        killed += await asyncio.to_thread(_kill_subscribers, stage.cluster)
        await asyncio.sleep(0.5)
    return f"{killed} connections"


@fault("output buffer limit hit", part="Redis")
async def small_buffers(stage: Stage) -> str:
    """Redis cuts subscribers off because more waits for them than it may hold."""
    before = await asyncio.to_thread(_limit_buffers, stage.cluster, SMALL_BUFFER)
    try:
        for _ in range(4):
            stage.population.shout(SHOUTS)
            await asyncio.sleep(0.7)
    finally:
        after = await asyncio.to_thread(_limit_buffers, stage.cluster, USUAL_BUFFER)
    return f"{after - before} cut off"


def _empty(cluster: Cluster) -> None:
    with cluster.redis_client() as redis:
        redis.flushall()


def _kill_subscribers(cluster: Cluster) -> int:
    with cluster.redis_client() as redis:
        return int(redis.client_kill_filter(_type="pubsub"))


def _limit_buffers(cluster: Cluster, limit: str) -> int:
    """Set the limit, and return how many clients it has cost so far."""
    with cluster.redis_client() as redis:
        redis.config_set("client-output-buffer-limit", limit)
        return int(redis.info("stats").get("client_output_buffer_limit_disconnections", 0))


async def _redis_answers(stage: Stage) -> None:
    await _eventually(lambda: _ping(stage.cluster))


def _ping(cluster: Cluster) -> None:
    with cluster.redis_client() as redis:
        redis.ping()


# PostgreSQL ----------------------------------------------------------------------------------------------------------


@fault("backends terminated", part="PostgreSQL")
async def terminate_backends(stage: Stage) -> str:
    """Every connection of the application is cut, in the middle of whatever it does."""
    ended = 0
    for _ in range(3):
        ended += await asyncio.to_thread(_terminate_backends, stage.cluster)
        await asyncio.sleep(stage.seconds(0.2, 0.8))
    return f"{ended} backends"


@fault("PostgreSQL killed", part="PostgreSQL")
async def kill_postgres(stage: Stage) -> str:
    """SIGKILL for the server; it recovers from its write-ahead log."""
    return await _crash_postgres(stage, signal.SIGKILL)


@fault("PostgreSQL stopped at once", part="PostgreSQL")
async def stop_postgres_at_once(stage: Stage) -> str:
    """An immediate shutdown, some seconds away, and a recovery."""
    return await _crash_postgres(stage, signal.SIGQUIT)


async def _crash_postgres(stage: Stage, number: signal.Signals) -> str:
    child, seconds = stage.cluster.postgres.child, stage.seconds(1, 6)
    stage.cluster.held.add(child)
    try:
        stage.cluster.kill(child, number)
        await asyncio.sleep(seconds)
    finally:
        stage.cluster.held.discard(child)
    await _eventually(lambda: stage.cluster.database().close())
    return f"{seconds:.1f} s"


def _terminate_backends(cluster: Cluster) -> int:
    with cluster.database() as connection:
        rows = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(rows.fetchall())


async def _eventually(try_once: Callable[[], None], within: float = 60.0) -> None:
    """Try in a thread until it works. Raises `TimeoutError`."""
    async with asyncio.timeout(within):
        while True:
            try:
                return await asyncio.to_thread(try_once)
            except Exception:
                await asyncio.sleep(0.2)


# The network ---------------------------------------------------------------------------------------------------------


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
    await asyncio.sleep(stage.seconds(2, 6))
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


# Deployments and clocks ----------------------------------------------------------------------------------------------


@fault("pool of one", part="gateway")
async def pool_of_one(stage: Stage) -> str:
    """A gateway that may open one connection to PostgreSQL."""
    node = stage.node
    await stage.cluster.restart_gracefully(node, DATABASE_POOL_MIN_SIZE="1", DATABASE_POOL_MAX_SIZE="1")
    await asyncio.sleep(stage.seconds(3, 10))
    usual = stage.cluster.group.environment.get("DATABASE_POOL_MAX_SIZE")
    await stage.cluster.restart_gracefully(node, DATABASE_POOL_MIN_SIZE=None, DATABASE_POOL_MAX_SIZE=usual)
    return node.child.program.name


ROLLING_RESTART = "rolling restart"
EVERYTHING = "everything"


@fault(ROLLING_RESTART, part=EVERYTHING)
async def rolling_restart(stage: Stage) -> str:
    """Every gateway in turn is drained and started again; whoever obeys sees no error (the run looks at that)."""
    for node in stage.cluster.nodes:
        await stage.cluster.restart_gracefully(node)
    return f"{len(stage.cluster.nodes)} gateways"


@fault("clock steps", part="gateway")
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
    for step in CLOCK_STEPS:
        file.write_text(f"{step:+}s")
        await asyncio.sleep(stage.seconds(2, 4))
    await stage.cluster.restart_gracefully(
        node,
        LD_PRELOAD=None,
        FAKETIME_TIMESTAMP_FILE=None,
        FAKETIME_CACHE_DURATION=None,
        FAKETIME_DONT_FAKE_MONOTONIC=None,
    )
    return f"{node.child.program.name}, {len(CLOCK_STEPS)} steps"


SHORT_MENU = (
    "gateway killed",
    "worker killed",
    "gateway frozen",
    "Redis restarted",
    "Redis emptied",
    "pub/sub clients killed",
    "output buffer limit hit",
    "backends terminated",
    "PostgreSQL killed",
    "connections reset",
    "connections half open",
    ROLLING_RESTART,
)
"""One of each kind, for every change."""
