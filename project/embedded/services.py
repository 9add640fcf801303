"""Starting and stopping the embedded services together, lasting or for one run only."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from project.embedded import postgres, redis
from project.embedded.binaries import binaries_for_everyone, find_binaries
from project.embedded.errors import CannotStart
from project.embedded.homes import Home, passing_home
from project.embedded.processes import Child, Program

START_SECONDS = 60.0
PORT_ATTEMPTS = 3  # between choosing a free port and using it, somebody else may take it


@dataclass(frozen=True)
class RunningService:
    """A service that answers: its process and the address for clients."""

    child: Child
    url: str


def start_postgres(home: Home, *, lasting: bool = True) -> RunningService:
    """Start PostgreSQL on the home's data, which is made when absent; return when it takes connections."""
    binaries = find_binaries() if home.account is None else binaries_for_everyone(home.data)
    postgres.make_cluster(home, binaries)
    postgres.recover_from_unclean_end(home)
    options = postgres.LASTING_OPTIONS if lasting else postgres.THROWAWAY_OPTIONS
    return _start_on_free_port(
        lambda port: postgres.postgres_program(home, binaries, port, options),
        lambda port: postgres.postgres_url(home, port),
        postgres.takes_connections,
    )


def start_redis(home: Home) -> RunningService:
    """Start Redis with a new password; return when it answers."""
    binaries = find_binaries() if home.account is None else binaries_for_everyone(home.data)
    password = redis.new_password()
    return _start_on_free_port(
        lambda port: redis.redis_program(home, binaries, port, password),
        lambda port: redis.redis_url(port, password),
        redis.answers,
    )


# By the environment variable that makes the embedded service unnecessary.
STARTERS: Mapping[str, Callable[[Home], RunningService]] = {"DATABASE_URL": start_postgres, "REDIS_URL": start_redis}


@contextmanager
def throwaway_services() -> Iterator[dict[str, str]]:
    """Run both services on a temporary folder and yield their addresses as environment variables; nothing stays behind."""
    with passing_home() as home:
        redis_service = start_redis(home)
        try:
            postgres_service = start_postgres(home, lasting=False)
            try:
                yield {"REDIS_URL": redis_service.url, "DATABASE_URL": postgres_service.url}
            finally:
                postgres_service.child.stop()
        finally:
            redis_service.child.stop()


def _start_on_free_port(
    program: Callable[[int], Program], url: Callable[[int], str], ready: Callable[[str], bool]
) -> RunningService:
    for _ in range(PORT_ATTEMPTS):
        port = _free_port()
        child = Child(program(port))
        child.start()
        if _wait_until(child, lambda: ready(url(port))):  # noqa: B023  # called before the next round
            return RunningService(child, url(port))
        child.kill()
        if "in use" not in child.last_words(12):
            break
    reason = child.last_words(1) or "it gave no reason"
    raise CannotStart(f"{child.program.name} did not start ({reason}); the whole story is in {child.program.log}")


def _wait_until(child: Child, ready: Callable[[], bool]) -> bool:
    """Poll until ready; False when the process ends. A server that recovers after a crash may take its time."""
    deadline = time.monotonic() + START_SECONDS
    while child.exit_code is None and time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.03)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
