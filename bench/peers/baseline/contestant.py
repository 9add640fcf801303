"""The baseline as a contestant: one daphne process with PostgreSQL and Redis."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bench.load import Plan, body, upgrade
from bench.servers import Services, free_port, python

# With the default of five seconds, daphne closes the connections that it has not come to when thousands come at once.
HANDSHAKE_SECONDS = "300"


class Baseline:
    """The tutorial on one of the two channel layers."""

    def __init__(self, services: Services, layer: str) -> None:
        self.name = self.name_of(layer)
        self.version = ", ".join(f"{name} {version(name)}" for name in ("channels", "channels_redis", "daphne"))
        self._services = services
        self._port = free_port()
        self._rounds = 0
        self._environment = {
            "DJANGO_SETTINGS_MODULE": "bench.peers.baseline.settings",
            "LAYER": layer,
            "DATABASE_URL": services.new_database(f"bench_baseline_{layer}"),
            "REDIS_URL": services.redis.url.rpartition("/")[0] + f"/{1 + (layer == 'core')}",
        }
        self._prepare(1)
        options = [
            "-b",
            "127.0.0.1",
            "-p",
            str(self._port),
            "-v",
            "0",
            "--ping-interval",
            "86400",
            "--websocket_connect_timeout",
            HANDSHAKE_SECONDS,
            "--access-log",
            "/dev/null",
        ]
        command = python("-m", "daphne", *options, "bench.peers.baseline.asgi:application")
        child = services.start_listening(f"baseline {layer}", command, self._port, self._environment)
        self.pids: Sequence[int] = [child.pid, *services.pids]

    @staticmethod
    def name_of(layer: str) -> str:
        """Return the name in the results."""
        return f"Channels tutorial, {layer} layer"

    def plan(self, sockets: int, members: int) -> Plan:
        """See `Contestant`."""
        self._rounds += 1
        return Plan(
            port=self._port,
            sockets=sockets,
            members=members,
            message=b'{"message":"%s"}' % body().encode(),
            steps=upgrade("/ws/chat/{room}/", "Cookie: sessionid={token}"),
            tokens=self._prepare(sockets),
            rooms=[f"r{self._rounds}x{number}" for number in range(sockets // members)],
            parallel=32,
        )

    def _prepare(self, users: int) -> list[str]:
        with tempfile.NamedTemporaryFile() as answer:
            command = python("-m", "bench.peers.baseline.prepare", str(users), answer.name)
            self._services.run("baseline preparation", command, self._environment)
            return Path(answer.name).read_text().split()
