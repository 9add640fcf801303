"""The processes under torture: PostgreSQL, Redis, gateways behind their proxies, and a worker, looked after as a supervisor would.

Everything is started here, below a folder of its own; faults reach nothing else.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
from redis import Redis

from bench.processes import family
from project.embedded.homes import Home, passing_home
from project.embedded.postgres import recover_from_unclean_end
from project.embedded.processes import Child
from project.embedded.services import RunningService, start_postgres
from project.supervisor import programs
from tests.forks import executed
from tests.servers import Gateway, ServerGroup, environment_of, server_group
from tests.torture.network import Proxy

LOOK_SECONDS = 0.1
RESTART_SECONDS = 0.4
SERVES_SECONDS = 60.0
SETTINGS: Mapping[str, Any] = {
    "ACCESS_CHANGES_AT_ONCE": "10",  # so that the role of everybody concerns very many
    "GATEWAY_DRAIN_SECONDS": "3",
    "GATEWAY_SWEEP_SECONDS": "2",
    "HEARTBEAT_SECONDS": "5",
    "HEARTBEAT_DEAD_SECONDS": "15",
    "PRESENCE_OFFLINE_SECONDS": "3",
    "PRESENCE_LEASE_SECONDS": "6",
    "PRESENCE_REFRESH_SECONDS": "5",
    "PRESENCE_IDLE_SECONDS": "3600",
    "DATABASE_POOL_TIMEOUT": "2",
    "DATABASE_POOL_MAX_SIZE": "12",
}


@dataclass
class Node:
    """A gateway and the proxy in front of it; `resting` while the balancer sends nobody there."""

    gateway: Gateway
    proxy: Proxy
    resting: bool = False

    @property
    def child(self) -> Child:
        """Its process."""
        return self.gateway.child


@dataclass
class Cluster:
    """All processes. What dies is started again a moment later, unless a fault holds it down; for the main thread alone."""

    home: Home
    postgres: RunningService
    group: ServerGroup
    nodes: list[Node]
    held: set[Child] = field(default_factory=set)
    _frozen: set[int] = field(default_factory=set)
    _died_at: dict[Child, float] = field(default_factory=dict)
    _keeping: asyncio.Task[None] | None = None

    @property
    def redis(self) -> Child:
        """The Redis process."""
        return self.group.redis.child

    @property
    def worker(self) -> Child:
        """The worker's process."""
        assert self.group.worker is not None
        return self.group.worker

    async def start(self) -> None:
        """Open the proxies and begin to look after everybody."""
        for node in self.nodes:
            await node.proxy.start()
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Let everything run freely and close the proxies; the processes end with the `with` block."""
        if self._keeping is not None:
            self._keeping.cancel()
        for pid in list(self._frozen):
            self.thaw(pid)
        for node in self.nodes:
            await node.proxy.close()

    def choose(self, previous: str | None) -> str:
        """Return the address of a gateway's sockets, another than before where there is one."""
        urls = [node.proxy.url for node in self.nodes if not node.resting]
        return random.choice([url for url in urls if url != previous] or urls or [self.nodes[0].proxy.url])

    # What faults do --------------------------------------------------------------------------------------------------

    @staticmethod
    def kill(child: Child, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one process of ours, if it runs."""
        if child.exit_code is None:
            os.kill(child.pid, number)

    def freeze(self, child: Child) -> list[int]:
        """Stop a process and its children; `thaw` each of the returned pids."""
        pids = sorted(family([child.pid])) if child.exit_code is None else []
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
            self._frozen.add(pid)
        return pids

    def thaw(self, pid: int) -> None:
        """Let a stopped process go on; it may have gone."""
        self._frozen.discard(pid)
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return

    def set_environment(self, child: Child, **settings: str | None) -> None:
        """Change what a process finds in its environment when it starts the next time; None removes."""
        changed = dict(child.program.environment or {})
        for name, value in settings.items():
            changed.pop(name, None)
            if value is not None:
                changed[name] = value
        child.program = replace(child.program, environment=changed)

    async def restart_gracefully(self, node: Node, **settings: str | None) -> None:
        """Drain a gateway as a deployment does, the balancer knowing, and start it again, with a changed environment.

        Raises `TimeoutError` when it does not end or does not serve again in time.
        """
        node.resting = True
        self.held.add(node.child)
        try:
            node.child.ask_to_stop()
            if not await asyncio.to_thread(node.child.wait):
                raise TimeoutError
            self.set_environment(node.child, **settings)
            node.child.start()
            await self.serves(node)
        finally:
            self.held.discard(node.child)
            node.resting = False

    async def serves(self, node: Node) -> None:
        """Wait until a gateway answers. Raises `TimeoutError`."""
        async with asyncio.timeout(SERVES_SECONDS), httpx.AsyncClient(trust_env=False, timeout=2) as client:
            while True:
                try:
                    if (await client.get(f"{node.gateway.url}/livez")).is_success:
                        return
                except httpx.HTTPError:
                    await asyncio.sleep(LOOK_SECONDS)

    def redis_client(self) -> Redis:
        """Return a client for the faults' own commands."""
        return Redis.from_url(self.group.redis.url, socket_timeout=3, socket_connect_timeout=3)

    def database(self) -> psycopg.Connection:
        """Return a connection for the faults' own statements."""
        return psycopg.connect(self.postgres.url, autocommit=True, connect_timeout=3, application_name="torture")

    # What a supervisor does ------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            for child in self._children():
                self._look_after(child)
            await asyncio.sleep(LOOK_SECONDS)

    def _children(self) -> Iterator[Child]:
        yield from (self.postgres.child, self.redis, self.worker)
        yield from (node.child for node in self.nodes)

    def _look_after(self, child: Child) -> None:
        if child.exit_code is None or child in self.held:
            self._died_at.pop(child, None)
            return
        died_at = self._died_at.setdefault(child, time.monotonic())
        if time.monotonic() - died_at > RESTART_SECONDS:
            del self._died_at[child]
            if child is self.postgres.child:
                recover_from_unclean_end(self.home)
            child.start()


@contextmanager
def cluster(gateways: int) -> Iterator[Cluster]:
    """Start everything on new data, durable as in production; stop all of it at the end."""
    with ExitStack() as stack:
        home = stack.enter_context(passing_home())
        postgres = start_postgres(home)
        stack.callback(postgres.child.stop)
        migrate(postgres.url)
        group = stack.enter_context(server_group(postgres.url, processes=gateways, starting=executed, **SETTINGS))
        nodes = [Node(gateway, _proxy_of(gateway)) for gateway in group.gateways]
        yield Cluster(home, postgres, group, nodes)


def migrate(url: str) -> None:
    """Make the tables."""
    prepare = [sys.executable, "manage.py", "prepare_database"]
    subprocess.run(
        prepare, cwd=programs.ROOT, env=environment_of(DATABASE_URL=url), stdout=subprocess.DEVNULL, check=True
    )


def keep_logs(source: Cluster, target: Path) -> None:
    """Copy what the processes have logged."""
    for name, log in source.group.new_logs().items():
        (target / f"{name.replace(' ', '-')}.log").write_text(log)


def _proxy_of(gateway: Gateway) -> Proxy:
    parts = urlsplit(gateway.url)
    return Proxy(parts.hostname or "127.0.0.1", parts.port or 0)


def connection_settings(group: ServerGroup) -> Mapping[str, str]:
    """Return the environment in which Django finds the cluster's services."""
    return {name: group.environment[name] for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENVIRONMENT")}
