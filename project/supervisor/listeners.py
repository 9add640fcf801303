"""The listening sockets: one per gateway process, all on one port.

The supervisor makes and keeps them. With a socket each (SO_REUSEPORT) the kernel spreads new connections evenly, where processes that
share one socket grab what they can (48 of 50 went to one daphne); and what queues while a process restarts is served, not reset.
"""

from __future__ import annotations

import errno
import socket

from project.embedded.errors import CannotStart

BACKLOG = 2048


def open_listeners(address: str, port: int, count: int) -> list[socket.socket]:
    """Listen `count` times on one port; port 0 takes a free one. Raises `CannotStart` when somebody else has the port."""
    family, resolved = _resolve(address, port)
    with socket.socket(family) as probe:  # alone on the port: SO_REUSEPORT would silently share it with another clone
        _bind(probe, resolved, port)
        chosen = probe.getsockname()
    listeners = []
    for _ in range(count):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind(listener, chosen, port)
        listeners.append(listener)
    return listeners


def url_of(listener: socket.socket) -> str:
    """Return the address for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}/"


def _resolve(address: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise CannotStart(f"BIND is {address!r}: that is no address of this machine.") from None
    return found[0][0], found[0][4]


def _bind(listener: socket.socket, address: tuple[object, ...], port: int) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        raise CannotStart(_why_not(error, address, port)) from None


def _why_not(error: OSError, address: tuple[object, ...], port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use: stop what uses it, or choose another, as in `make run PORT={port + 1}`."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has: choose one above 1023, as in `make run PORT=8000`."
    return f"Cannot listen on {address[0]} port {port}: {error.strerror}."
