"""An address of the worker's own for scrapes. On one machine it needs none: there a scrape of any gateway shows it too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from django.db import connection

from project.observability.metrics import PATH, answer_to

SLOW_SECONDS = 5.0
"""A scraper that says nothing for so long is cut off: they are served one after the other."""


@contextmanager
def metrics_served(port: int) -> Iterator[None]:
    """Answer `/metrics` on a port of every interface for as long as the block runs; 0 for none. Raises `OSError` when it is taken."""
    if not port:
        yield
        return
    with HTTPServer(("", port), _Scrape) as server:
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


class _Scrape(BaseHTTPRequestHandler):
    """Knows one path and one method."""

    timeout = SLOW_SECONDS

    def do_GET(self) -> None:
        """Answer as a gateway does."""
        if self.path != PATH:
            self.send_error(404)
            return
        try:
            answer = answer_to(self.headers.get("Authorization", ""))
        finally:
            connection.close()
        self.send_response(answer.status_code)
        for name, value in answer.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        """Scrapes are not logged."""
