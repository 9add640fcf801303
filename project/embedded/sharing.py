"""One clone, one set of lasting services: who runs them holds a lock, and a file tells others of the same clone their addresses."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from project.embedded.errors import CannotStart
from project.embedded.homes import make_folder


class AlreadyRunning(CannotStart):
    """Somebody holds the lock; `pid` is who, 0 while they still start."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"Portcullis already runs from this folder (process {pid or 'unknown'}): stop that one first.")
        self.pid = pid


@contextmanager
def sole_owner(var: Path) -> Iterator[None]:
    """Hold the clone's lock; the kernel frees it however we end. Raises `AlreadyRunning`."""
    make_folder(var, 0o755)
    try:
        lock = (var / "services.lock").open("a")
    except OSError as error:
        raise CannotStart(
            f"Cannot write in {var} ({error.strerror}): is the disk read-only, full or not yours?"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_read(var).get("pid", 0)) from None
        _state_file(var).unlink(missing_ok=True)
        try:
            yield
        finally:
            _state_file(var).unlink(missing_ok=True)


def publish_addresses(var: Path, addresses: Mapping[str, str]) -> None:
    """Tell other commands of this clone, and nobody else, where the services are."""
    descriptor = os.open(_state_file(var), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump({"pid": os.getpid(), "addresses": dict(addresses)}, stream)


def published_addresses(var: Path) -> dict[str, str]:
    """Return the addresses that the holder of the lock published; empty while they still start."""
    addresses: dict[str, str] = _read(var).get("addresses", {})
    return addresses


def _state_file(var: Path) -> Path:
    return var / "services.json"


def _read(var: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(_state_file(var).read_text())
    except (OSError, ValueError):
        return {}
    return state
