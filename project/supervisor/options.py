"""What `make run` may be told: number of processes, port, address and server, from the environment that make passes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from project.embedded.errors import CannotStart

SERVERS = ("uvicorn", "daphne")
MOST_PROCESSES = 32


@dataclass(frozen=True)
class Options:
    """The answers, checked."""

    processes: int = 1
    port: int = 8000
    address: str = "127.0.0.1"
    server: str = "uvicorn"


def read_options(environment: Mapping[str, str]) -> Options:
    """Read PROCESSES, PORT, BIND and SERVER; an empty value is none. Raises `CannotStart` for a wrong one."""
    server = environment.get("SERVER") or Options.server
    if server not in SERVERS:
        raise CannotStart(f"SERVER is {server!r}: choose one of {', '.join(SERVERS)}.")
    return Options(
        processes=_number(environment, "PROCESSES", Options.processes, 1, MOST_PROCESSES),
        port=_number(environment, "PORT", Options.port, 0, 65_535),
        address=environment.get("BIND") or Options.address,
        server=server,
    )


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not least <= number <= most:
        raise CannotStart(f"{name} is {text!r}: give a number from {least} to {most}.")
    return number
