"""Synapse: a Matrix server in Python with SQLite, everything committed. Members ask for what is new, over and over, by long polls."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent
from typing import Any
from urllib.parse import quote

from bench.load import Link, Plan, Step, body, filled_length
from bench.peers.pypi import installed, version_of
from bench.servers import Services, free_port

CALL_SECONDS = 60.0
CALLS_AT_ONCE = 4
UNLIMITED = "{per_second: 1000000, burst_count: 1000000}"
CONFIGURATION = """
    server_name: localhost
    report_stats: false
    pid_file: {folder}/pid
    listeners:
      - {{port: {port}, type: http, tls: false, bind_addresses: [127.0.0.1], resources: [{{names: [client]}}]}}
    database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
    media_store_path: {folder}/media
    signing_key_path: {folder}/signing.key
    log_config: {folder}/log.yaml
    macaroon_secret_key: a-benchmark-on-loopback-signs-with-this
    trusted_key_servers: []
    suppress_key_server_warning: true
    enable_registration: true
    enable_registration_without_verification: true
    bcrypt_rounds: 4
    presence: {{enabled: false}}
    rc_message: {unlimited}
    rc_registration: {unlimited}
    rc_joins: {{local: {unlimited}}}
    rc_joins_per_room: {unlimited}
"""
LOGGING = "{version: 1, handlers: {all: {class: logging.StreamHandler}}, root: {level: ERROR, handlers: [all]}}"
SYNC = "GET /_matrix/client/v3/sync?timeout={timeout} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {{token}}\r\n\r\n"
SEND = (
    "PUT /_matrix/client/v3/rooms/{{room}}/send/m.room.message/{{nonce}} HTTP/1.1\r\nHost: localhost\r\n"
    "Authorization: Bearer {{token}}\r\nContent-Length: {length}\r\n\r\n{content}"
)


class Synapse:
    """A running homeserver."""

    name = "Synapse"

    def __init__(self, services: Services) -> None:
        packages = installed("synapse", "matrix-synapse")
        self.version = f"{version_of(packages, 'matrix-synapse')}, SQLite"
        self._port = free_port()
        self._tokens: list[str] = []
        self._rounds = 0
        folder = services.home.logs / "synapse"
        folder.mkdir()
        (folder / "log.yaml").write_text(LOGGING)
        text = CONFIGURATION.format(folder=folder, port=self._port, unlimited=UNLIMITED)
        (folder / "homeserver.yaml").write_text(dedent(text))
        environment = {"PYTHONPATH": str(packages)}
        command = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(folder / "homeserver.yaml")]
        services.run("synapse keys", [*command, "--generate-keys"], environment)
        self.pids = [services.start_listening("synapse", command, self._port, environment).pid]

    def plan(self, sockets: int, members: int) -> Plan:
        """See `Contestant`; one room, in which everybody has polled once when they count as ready."""
        if sockets != members:
            raise ValueError("only one room is made")
        self._rounds += 1
        content = json.dumps({"msgtype": "m.text", "body": body()})
        send = SEND.format(length=filled_length(content.encode()), content=content)
        return Plan(
            port=self._port,
            sockets=sockets,
            members=members,
            message=send.encode(),
            websocket=False,
            # Asked in the same words within two minutes, Synapse gives the same answer again: with the cursor of the last run.
            steps=[Step(SYNC.format(timeout=self._rounds).encode())],
            poll=SYNC.format(timeout="30000&since={cursor}").encode(),
            cursor=b'"next_batch":"',
            ack=b'{"event_id":"',
            link=Link(self._port),
            rooms=[self._new_room(sockets)],
            tokens=self._tokens[:sockets],
        )

    def _new_room(self, members: int) -> str:
        """Make a room that so many users are in, who are made first as far as there are too few."""
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            self._tokens += pool.map(self._register, range(len(self._tokens), members))
            room = quote(str(self._call("createRoom", {"preset": "public_chat"}, self._tokens[0])["room_id"]))
            list(pool.map(lambda token: self._call(f"join/{room}", {}, token), self._tokens[1:members]))
        return room

    def _register(self, number: int) -> str:
        account = {"username": f"bench{number}", "password": "bench", "auth": {"type": "m.login.dummy"}}
        return str(self._call("register", account)["access_token"])

    def _call(self, path: str, content: Mapping[str, Any], token: str = "") -> dict[str, Any]:
        address = f"http://127.0.0.1:{self._port}/_matrix/client/v3/{path}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(address, json.dumps(content).encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310  # of the server that we started
            return dict(json.load(answer))
