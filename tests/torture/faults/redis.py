"""Redis goes away, forgets, or cuts off those who listen."""

from __future__ import annotations

import asyncio

from tests.torture.cluster import Cluster
from tests.torture.faults.menu import Stage, eventually, fault

SMALL_BUFFER = "pubsub 1024 0 0"
USUAL_BUFFER = "pubsub 33554432 8388608 60"
SHOUTS = 40


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
    await eventually(lambda: _ping(stage.cluster))


def _ping(cluster: Cluster) -> None:
    with cluster.redis_client() as redis:
        redis.ping()
