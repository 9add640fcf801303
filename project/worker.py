"""The worker process: jobs of procrastinate, consumers of the log, and a heartbeat that `/readyz` looks for."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import structlog
from django.conf import settings
from django.db import close_old_connections
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from redis.asyncio import Redis
from redis.exceptions import RedisError

from eventlog.partitions import maintain_partitions
from kernel.metrics import sample
from project.health import WORKER_HEARTBEAT_KEY, WORKER_HEARTBEAT_SECONDS
from project.log_reader import LogReader
from project.observability.worker_address import metrics_served
from project.retrying import keep_trying

logger = structlog.get_logger(__name__)

ENDING_SECONDS = 20.0
"""How long what is under way has to end; then it is told again, since a library may have swallowed the first word."""
HEARTBEAT_PAUSE_SECONDS = 3.0  # often, so that a restarted Redis soon knows again that we live
JOBS_AT_ONCE = 4
JOBS_WAIT_SECONDS = 5.0
"""How long a statement about jobs waits for a connection. A pool that lost its database pauses for as long as the outage was before it
tries again; one that is given up is made anew, and that connects at once."""


class JobsEnded(Exception):
    """The runner of jobs ended by itself, as it does when one of its own tasks loses the database; it has logged why."""


async def run_worker() -> None:
    """Work until SIGINT or SIGTERM, then let what is under way end. Raises what a part failed with again and again."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    work, stop = asyncio.create_task(_work()), asyncio.create_task(stopping.wait())
    await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
    work.cancel()
    await asyncio.wait({work}, timeout=ENDING_SECONDS)
    if not work.done():
        logger.warning("worker.ends_late")
        work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work


async def _work() -> None:
    """Do what must be done once, then everything at the same time; nobody hears that we live before the database has answered."""
    await keep_trying("partitions", _maintain_partitions)
    reader = LogReader()
    with metrics_served(settings.WORKER_METRICS_PORT):
        async with asyncio.TaskGroup() as parts:
            parts.create_task(keep_trying("jobs", _run_jobs))
            parts.create_task(reader.run())
            parts.create_task(_beat(reader))


async def _maintain_partitions() -> None:
    def maintain() -> None:
        try:
            maintain_partitions(keep_days=settings.EVENTS_KEPT_DAYS)
        finally:
            close_old_connections()

    await asyncio.to_thread(maintain)


async def _run_jobs() -> None:
    with app.replace_connector(_connector()) as jobs:
        async with jobs.open_async():
            await jobs.run_worker_async(concurrency=JOBS_AT_ONCE, install_signal_handlers=False)
    raise JobsEnded


def _connector() -> PsycopgConnector:
    """Return procrastinate's own connection to the same database: the pool in Django's options is not for it."""
    parameters = {name: value for name, value in connector_params().items() if name != "pool"}
    return PsycopgConnector(kwargs=parameters, timeout=JOBS_WAIT_SECONDS)


async def _beat(reader: LogReader) -> None:
    """Tell Redis, every few seconds, that the worker lives; look at what metrics cannot count as it happens.

    A Redis that does not answer does not ring either: then the log is read by the clock alone.
    """
    redis = Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    while True:
        sample()
        try:
            await redis.set(WORKER_HEARTBEAT_KEY, "1", ex=WORKER_HEARTBEAT_SECONDS)
        except (RedisError, OSError) as error:
            logger.warning("worker.heartbeat_failed", error=type(error).__name__)
            reader.hears = False
            reader.wake()
        else:
            reader.hears = True
        await asyncio.sleep(HEARTBEAT_PAUSE_SECONDS)
