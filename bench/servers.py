"""The services that a measurement runs on, and the programs that are started on the servers' core and stopped again, by process."""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from redis import Redis

from bench.load import Plan
from bench.processes import SERVER_CORE, on_core
from project.embedded.homes import Home, passing_home
from project.embedded.processes import Child, Program
from project.embedded.services import RunningService, start_postgres, start_redis

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 60.0


class Absent(Exception):
    """A peer cannot be had on this machine; the message says why."""


class Contestant(Protocol):
    """A running server group that can be measured."""

    @property
    def name(self) -> str:
        """How it is called in the results."""

    @property
    def version(self) -> str:
        """What exactly was measured."""

    @property
    def pids(self) -> Sequence[int]:
        """All processes of the group, or those that the others descend from."""

    def plan(self, sockets: int, members: int) -> Plan:
        """Return how the generator speaks to it: so many sockets in rooms of so many members."""


@dataclass
class Services:
    """PostgreSQL and Redis of this run, durable as in production, and a stack on which everything started is stopped."""

    home: Home
    postgres: RunningService
    redis: RunningService
    core: int | None
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def pids(self) -> list[int]:
        """The two services' processes."""
        return [self.postgres.child.pid, self.redis.child.pid]

    @property
    def redis_port(self) -> int:
        """Where Redis listens."""
        return urlsplit(self.redis.url).port or 6379

    @property
    def redis_password(self) -> str:
        """What Redis asks for."""
        return urlsplit(self.redis.url).password or ""

    @property
    def versions(self) -> list[str]:
        """What they are."""
        with psycopg.connect(self.postgres.url) as connection, Redis.from_url(self.redis.url) as redis:
            (number,) = connection.execute("SHOW server_version").fetchone() or ("unknown",)
            told = redis.info("server")
        flavour = "valkey" if "valkey_version" in told else "redis"
        return [f"PostgreSQL {number}", f"{flavour.title()} {told[f'{flavour}_version']}"]

    def new_database(self, name: str) -> str:
        """Make an empty database and return its address."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.postgres.url.rpartition("/")[0] + f"/{name}"

    def start(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str] | None = None,
        sockets: tuple[int, ...] = (),
    ) -> Child:
        """Start a program where the services run; it is stopped with the services."""
        log = self.home.logs / f"{name.replace(' ', '-')}.log"
        child = Child(Program(name, argv, log, {**os.environ, **(environment or {})}, ROOT, sockets=sockets))
        with on_core(self.core):
            child.start()
        self.stack.callback(child.stop)
        return child

    def run(self, name: str, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Run a program to its end. Raises `RuntimeError` with its last words when it fails."""
        child = self.start(name, argv, environment)
        child.wait(READY_SECONDS * 5)
        if child.exit_code != 0:
            raise RuntimeError(f"{name} failed:\n{child.last_words(20)}")

    def start_listening(
        self, name: str, argv: Sequence[str], port: int, environment: Mapping[str, str] | None = None
    ) -> Child:
        """Start a program and return when it takes connections on the port."""
        child = self.start(name, argv, environment)
        wait_for(lambda: child.exit_code is not None or _takes_connections(port), name)
        if child.exit_code is not None:
            raise RuntimeError(f"{name} ended:\n{child.last_words(20)}")
        return child

    def start_notified(self, name: str, argv: Sequence[str], environment: Mapping[str, str]) -> tuple[Child, int]:
        """Start a program that takes `--fd` and `--notify` as our gateway does; return it and its port when it serves."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        ready, notify = os.pipe()
        options = ["--fd", str(listener.fileno()), "--notify", str(notify)]
        child = self.start(name, [*argv, *options], environment, (listener.fileno(), notify))
        os.close(notify)
        told = select.select([ready], [], [], READY_SECONDS)[0] and os.read(ready, 1)
        os.close(ready)
        if not told:
            raise RuntimeError(f"{name} does not serve:\n{child.last_words(20)}")
        port = int(listener.getsockname()[1])
        listener.close()
        return child, port


@contextmanager
def services(core: int | None = SERVER_CORE) -> Iterator[Services]:
    """Start both services on the servers' core, or on all (None); at the end stop them and everything that was started on them."""
    with passing_home() as home, ExitStack() as stack:
        with on_core(core):
            redis = start_redis(home)
            stack.callback(redis.child.stop)
            postgres = start_postgres(home)
            stack.callback(postgres.child.stop)
        running = Services(home, postgres, redis, core)
        with running.stack:
            yield running


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Poll until the condition holds. Raises `RuntimeError`."""
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} was not ready after {READY_SECONDS:g} s")
        time.sleep(0.05)


def python(*arguments: str) -> list[str]:
    """Return the command line of a Python program in our own environment."""
    return [sys.executable, *arguments]


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
