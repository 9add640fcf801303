"""Real server processes for tests: gateways and a worker, which run what production runs, on a database and a Redis of their own."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from project.embedded.homes import passing_home
from project.embedded.processes import Child, Program
from project.embedded.redis import answers
from project.embedded.services import RunningService, start_redis
from project.supervisor import programs
from project.supervisor.listeners import open_listeners
from project.supervisor.options import Options
from tests.forks import Starter, Starting, quickest

READY_SECONDS = 90.0
POLL_SECONDS = 0.05
SECRET = "tests-sign-with-this-and-nobody-else-should-ever-do-so"
RAISED = {
    f"RATE_{name}": "1000000/60"
    for name in (
        "REST_READ",
        "REST_WRITE",
        "REST_ANONYMOUS",
        "MESSAGE_CREATE",
        "PRESENCE_SET",
        "PANEL_WRITE",
        "AUTH_STEP_ADDRESS",
        "LOGIN_ADDRESS",
        "SIGN_UP_ADDRESS",
        "SOCKET_FRAME",
        "SOCKET_CONNECT",
        "SOCKET_PROBLEM",
    )
}


@dataclass
class Gateway:
    """One gateway process, on a listening socket that outlives it: who connects while it restarts waits and is served."""

    child: Child
    address: str

    @property
    def _listener(self) -> tuple[str, int]:
        host, _, port = self.address.rpartition(":")
        return host, int(port)

    @property
    def url(self) -> str:
        """The origin of its REST edge."""
        return f"http://{self.address}"

    @property
    def socket_url(self) -> str:
        """The address of its sockets."""
        return f"ws://{self.address}/ws/v1"

    def kill(self) -> None:
        """End it without a chance to say a word, as the kernel does when memory runs out."""
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def holds(self, client: tuple[str, int]) -> bool:
        """Tell whether the process still holds its end of a connection over IPv4, however full it is (Linux)."""
        ends = [f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}" for host, port in (client, self._listener)]
        for row in Path(f"/proc/{self.child.pid}/net/tcp").read_text().splitlines()[1:]:
            fields = row.split()
            if [fields[2], fields[1]] == ends and fields[9] != "0":  # 0: only the kernel still has something to say
                return True
        return False

    def resident_bytes(self) -> int:
        """Return how much memory the process holds (Linux)."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@dataclass(frozen=True)
class LogMark:
    """Where the log of each process, by its name, ended at a time."""

    time: float
    ends: Mapping[str, int]


@dataclass
class ServerGroup:
    """Gateways, their worker (None without one), the Redis and the database that they share, and their settings."""

    server: str
    gateways: list[Gateway]
    worker: Child | None
    redis: RunningService
    database_url: str
    environment: Mapping[str, str]
    _log_marks: list[LogMark] = field(default_factory=lambda: [LogMark(-inf, {})])

    def revive(self) -> bool:
        """Start again what is dead; tell whether anything was. For the main thread: children end with the thread that started them."""
        dead = [child for child in (self.redis.child, *self._children) if child.exit_code is not None]
        for child in dead:
            child.start()
        return bool(dead)

    def wait_until(self, probe: str) -> None:
        """Return when Redis answers and every gateway answers `livez` (it serves) or `readyz` (so does all that it needs).

        Raises `RuntimeError` when a process ends meanwhile, or when one is not ready in time, with what it said last.
        """
        wait_for(lambda: answers(self.redis.url), "Redis")
        with httpx.Client(trust_env=False, timeout=5) as client:
            for gateway in self.gateways:
                self._wait_for_gateway(client, gateway, probe)

    def _wait_for_gateway(self, client: httpx.Client, gateway: Gateway, probe: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while answer := _complaint(client, gateway, probe):
            for child in self._children:
                if child.exit_code is not None:
                    raise RuntimeError(f"{child.program.name} ended:\n{child.last_words(30)}")
            if time.monotonic() > deadline:
                words = "\n".join(f"{child.program.name}:\n{child.last_words(30)}" for child in self._children)
                raise RuntimeError(
                    f"{gateway.child.program.name} was not ready after {READY_SECONDS:g} s: {answer}\n{words}"
                )
            time.sleep(POLL_SECONDS)

    def mark_logs(self) -> None:
        """Remember where the logs end now."""
        ends = {child.program.name: child.program.log.stat().st_size for child in self._children}
        self._log_marks.append(LogMark(time.monotonic(), ends))

    def new_logs(self) -> dict[str, str]:
        """Return what each process has logged since the last `mark_logs`, by its name."""
        return self._logs(self._log_marks[-1].ends, {})

    def earlier_logs(self, seconds: float) -> dict[str, str]:
        """Return what each process had logged before the last mark, since a mark that was so long ago when that was set."""
        last = self._log_marks[-1]
        old = [mark for mark in self._log_marks if mark.time <= last.time - seconds]
        return self._logs(old[-1].ends, last.ends)

    def _logs(self, starts: Mapping[str, int], ends: Mapping[str, int]) -> dict[str, str]:
        logs = {child.program.name: child.program.log.read_bytes() for child in self._children}
        return {name: log[starts.get(name, 0) : ends.get(name)].decode(errors="replace") for name, log in logs.items()}

    @property
    def _children(self) -> list[Child]:
        return [*(gateway.child for gateway in self.gateways), *filter(None, [self.worker])]


@contextmanager
def server_group(
    database_url: str,
    *,
    server: str = "uvicorn",
    processes: int = 2,
    worker: bool = True,
    one_port: bool = False,
    starting: Starting = quickest,
    **environment: str,
) -> Iterator[ServerGroup]:
    """Run gateways and a worker on a migrated database and a new Redis; yield when all are ready, stop all at the end.

    Every gateway has a port of its own, or all share one. Rates are raised out of the way; `environment` sets what differs.
    Processes are forked from one that has imported the project, unless `starting` is `executed`.
    """
    with ExitStack() as stack:
        home = stack.enter_context(passing_home())
        redis = start_redis(home)
        stack.callback(redis.child.stop)
        metrics = stack.enter_context(TemporaryDirectory(prefix="portcullis-metrics-"))
        settings = environment_of(
            **RAISED | environment, DATABASE_URL=database_url, REDIS_URL=redis.url, PROMETHEUS_MULTIPROC_DIR=metrics
        )
        fork_log = home.logs / "fork-server.log"
        starter = stack.enter_context(starting(programs.environment_with(settings), fork_log))
        start = partial(_start, stack, starter, home.logs)
        working = start(programs.worker(settings)) if worker else None
        options = Options(processes, 0, server=server)
        gateways = _start_gateways(stack, start, options, settings, one_port=one_port)
        group = ServerGroup(server, gateways, working, redis, database_url, settings)
        group.wait_until("readyz" if worker else "livez")
        yield group


def environment_of(**settings: str) -> dict[str, str]:
    """Return the environment of a server process: ours without what makes it a test, and the settings."""
    ours = {"DJANGO_SETTINGS_MODULE": "tests.server_settings", "ENVIRONMENT": "development", "SECRET_KEY": SECRET}
    return os.environ | ours | settings


def wait_for(condition: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
    """Poll until the condition holds. Raises `RuntimeError`, which names what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} was not ready after {seconds:g} s")
        time.sleep(POLL_SECONDS)


def _complaint(client: httpx.Client, gateway: Gateway, probe: str) -> str:
    """Return what a gateway that is not ready says, or how it does not answer; nothing when it is ready."""
    try:
        response = client.get(f"{gateway.url}/{probe}")
    except httpx.TransportError as error:
        return repr(error)
    return "" if response.is_success else response.text


def _start_gateways(
    stack: ExitStack, start: Starter, options: Options, settings: Mapping[str, str], *, one_port: bool
) -> list[Gateway]:
    counts = [options.processes] if one_port else [1] * options.processes
    listeners = [
        stack.enter_context(listener)
        for count in counts
        for listener in open_listeners(options.address, options.port, count)
    ]
    ready, notify = os.pipe()
    stack.callback(os.close, ready)
    stack.callback(os.close, notify)
    gateways = []
    for number, listener in enumerate(listeners, start=1):
        program = programs.gateway(number, options, listener.fileno(), notify, settings)
        gateways.append(Gateway(start(program), "{}:{}".format(*listener.getsockname())))
    _wait_until_served(ready, gateways)
    return gateways


def _wait_until_served(ready: int, gateways: list[Gateway]) -> None:
    """Return when each gateway has written its byte; behind one port, nothing else tells that all of them serve."""
    deadline, missing = time.monotonic() + READY_SECONDS, len(gateways)
    while missing:
        if select.select([ready], [], [], POLL_SECONDS)[0]:
            missing -= len(os.read(ready, missing))
        for gateway in gateways:
            if gateway.child.exit_code is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{gateway.child.program.name} does not serve:\n{gateway.child.last_words(30)}")


def _start(stack: ExitStack, starter: Starter, logs: Path, program: Program) -> Child:
    child = starter(replace(program, log=logs / program.log.name))
    child.start()
    stack.callback(lambda: child.exit_code is None and child.stop())
    return child
