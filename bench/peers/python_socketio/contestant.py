"""python-socketio as a contestant."""

from __future__ import annotations

from bench.load import Plan
from bench.peers.javascript import socket_io_plan
from bench.peers.pypi import installed, version_of
from bench.servers import Services, free_port, python


class PythonSocketIo:
    """One uvicorn process."""

    name = "python-socketio"

    def __init__(self, services: Services) -> None:
        folder = installed("python-socketio", "python-socketio")
        self.version = version_of(folder, "python-socketio")
        self._port = free_port()
        self._rounds = 0
        options = ["--host", "127.0.0.1", "--port", str(self._port), "--log-level", "critical", "--backlog", "4096"]
        quiet = ["--ws-ping-interval", "86400", "--ws-per-message-deflate", "false", "--loop", "uvloop"]
        command = python("-m", "uvicorn", *options, *quiet, "bench.peers.python_socketio.server:application")
        environment = {"PYTHONPATH": str(folder)}
        self.pids = [services.start_listening("python-socketio", command, self._port, environment).pid]

    def plan(self, sockets: int, members: int) -> Plan:
        """See `Contestant`."""
        self._rounds += 1
        return socket_io_plan(self._port, sockets, members, self._rounds)
