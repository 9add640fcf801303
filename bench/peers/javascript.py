"""The servers of the JavaScript world: `ws` and Socket.IO on node. They keep nothing and authenticate nobody."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.load import Plan, Step, body, upgrade
from bench.peers.npm import installed, version_of
from bench.servers import Services, free_port

HERE = Path(__file__).resolve().parent / "node"


class NodeWs:
    """`ws`."""

    name = "node ws"

    def __init__(self, services: Services) -> None:
        self._port, self.pids = _start(services, "ws", "ws")
        self.version = version_of("ws", "ws")
        self._rounds = 0

    def plan(self, sockets: int, members: int) -> Plan:
        """See `Contestant`."""
        self._rounds += 1
        return Plan(
            port=self._port,
            sockets=sockets,
            members=members,
            message=body().encode(),
            steps=upgrade("/{room}"),
            rooms=[f"r{self._rounds}x{number}" for number in range(sockets // members)],
        )


class SocketIo:
    """Socket.IO; a message is an event with an acknowledgement."""

    name = "Socket.IO"

    def __init__(self, services: Services) -> None:
        self._port, self.pids = _start(services, "socketio", "socket.io")
        self.version = version_of("socketio", "socket.io")
        self._rounds = 0

    def plan(self, sockets: int, members: int) -> Plan:
        """See `Contestant`."""
        self._rounds += 1
        return Plan(
            port=self._port,
            sockets=sockets,
            members=members,
            message=b'421["message","%s"]' % body().encode(),
            steps=[
                *upgrade("/socket.io/?EIO=4&transport=websocket&room={room}"),
                Step(None, b'0{"sid"'),
                Step(b"40", b'40{"sid"'),
            ],
            ack=b"431[]",
            rooms=[f"r{self._rounds}x{number}" for number in range(sockets // members)],
        )


def _start(services: Services, script: str, package: str) -> tuple[int, Sequence[int]]:
    """Run a script where its package is: modules are looked for beside the script."""
    folder = installed(script, package)
    copy = shutil.copy(HERE / f"{script}.mjs", folder)
    port = free_port()
    child = services.start_listening(f"node {script}", ["node", str(copy), str(port)], port)
    return port, [child.pid]
