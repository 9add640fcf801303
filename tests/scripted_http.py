"""A real HTTP or HTTPS server on loopback that answers what a test has written down, and remembers what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec


class Request(msgspec.Struct, frozen=True):
    """What the server was asked."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Answer(msgspec.Struct, frozen=True):
    """What it answers: a status, JSON (or text that is none) and headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = {}


Scripted = Answer | Literal["hang up", "never answer", "drip"]
"""To drip is to send a header without an end, a byte at a time."""


class ScriptedServer:
    """Gives its answers in order; asked for more than it has, it says 500."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: deque[Scripted] = deque()
        self.requests: list[Request] = []
        self.over = threading.Event()


@contextmanager
def scripted_server(tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Serve on a free port of loopback inside of the block; with a certificate when one is given, by the name of localhost."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    address = f"127.0.0.1:{http.server_port}" if tls is None else f"localhost:{http.server_port}"
    server = http.scripted = ScriptedServer(f"{'http' if tls is None else 'https'}://{address}")
    if tls is not None:  # the handshake is the handler's: who does not shake hands holds nobody else up
        http.socket = tls.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
        http.handle_error = lambda *_: None
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        server: ScriptedServer = self.server.scripted
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server.requests.append(
            Request(self.command, address.path, parse_qs(address.query), dict(self.headers.items()), body)
        )
        scripted = server.answers.popleft() if server.answers else Answer(500, {"message": "nothing is scripted"})
        if isinstance(scripted, str):
            if scripted == "never answer":
                server.over.wait()
            elif scripted == "drip":
                self.send_response_only(200)
                self.flush_headers()
                while not server.over.wait(0.02):
                    self.wfile.write(b"x")
            self.close_connection = True
            return
        content = scripted.body if isinstance(scripted.body, str) else json.dumps(scripted.body)
        self.send_response(scripted.status)
        for name, value in {"Content-Type": "application/json", **scripted.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content.encode())))
        self.end_headers()
        self.wfile.write(content.encode())

    do_GET = do_POST = answer  # noqa: N815  # the names that http.server asks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""
