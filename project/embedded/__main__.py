"""`python -m project.embedded [--throwaway] COMMAND ...`: runs a command that needs PostgreSQL and Redis, and starts what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from project.embedded.errors import CannotStart
from project.embedded.homes import lasting_home
from project.embedded.services import STARTERS, throwaway_services
from project.embedded.sharing import AlreadyRunning, publish_addresses, published_addresses, sole_owner

VAR = Path(__file__).resolve().parents[2] / "var"
OTHERS_START_SECONDS = 30.0


def main(arguments: Sequence[str]) -> int:
    """Run the command with DATABASE_URL and REDIS_URL set, and return its exit code."""
    throwaway = arguments[0] == "--throwaway"
    services = throwaway_services if throwaway else shared_services
    try:
        with services() as addresses:
            return run(arguments[1:] if throwaway else arguments, addresses)
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1


def run(command: Sequence[str], addresses: dict[str, str]) -> int:
    """Run the command to its end; Ctrl-C reaches it too, so we wait for it to end by itself."""
    with subprocess.Popen([sys.executable, *command], env=addresses | os.environ) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


@contextmanager
def shared_services() -> Iterator[dict[str, str]]:
    """Yield the addresses of the clone's lasting services: those of a `make run` beside us, else our own for the time being."""
    with ExitStack() as stack:
        try:
            stack.enter_context(sole_owner(VAR))
        except AlreadyRunning:
            yield _wait_for_addresses()
            return
        addresses = dict(_start_missing(stack))
        publish_addresses(VAR, addresses)
        yield addresses


def _start_missing(stack: ExitStack) -> Iterator[tuple[str, str]]:
    for name, start in STARTERS.items():
        if name not in os.environ:
            service = start(lasting_home(VAR))
            stack.callback(service.child.stop)
            yield name, service.url


def _wait_for_addresses() -> dict[str, str]:
    deadline = time.monotonic() + OTHERS_START_SECONDS
    while time.monotonic() < deadline:
        addresses = published_addresses(VAR)
        if addresses:
            return addresses
        time.sleep(0.1)
    raise CannotStart("Portcullis is being started from this folder but does not get ready: look at its terminal.")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
