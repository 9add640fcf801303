"""The limit: `limit.c`, a server that only writes each round's bytes once to every socket."""

from __future__ import annotations

from bench import compile as compiled
from bench.load import Plan, body
from bench.servers import Services, free_port


class Limit:
    """A running limit server; it has one room."""

    name = "C epoll limit"
    version = "limit.c"

    def __init__(self, services: Services) -> None:
        self._port = free_port()
        command = [str(compiled.limit()), str(self._port)]
        self.pids = [services.start_listening("limit", command, self._port).pid]

    def plan(self, sockets: int, members: int) -> Plan:
        """See `Contestant`."""
        return Plan(port=self._port, sockets=sockets, members=members, message=body().encode(), websocket=False)
