"""The programs of this project that the supervisor runs, described for `project.embedded.processes`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from project.embedded.processes import Program
from project.supervisor.metrics_folder import FOLDER_VARIABLE
from project.supervisor.options import Options

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
LOGS = VAR / "log"
DRAIN_SECONDS = 25.0  # more than GATEWAY_DRAIN_SECONDS, in which clients are sent away in peace


def environment_with(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return our environment with the services' addresses and the folder for metrics.

    Output is unbuffered so that logs are whole when a process is killed.
    """
    return {FOLDER_VARIABLE: str(metrics()), **os.environ, **addresses, "PYTHONUNBUFFERED": "1"}


def metrics() -> Path:
    """Return the folder that all processes keep their metrics in."""
    return Path(os.environ.get(FOLDER_VARIABLE, VAR / "metrics"))


def preparation(addresses: Mapping[str, str], *, demo: bool) -> Program:
    """Describe the migrations, and the seeding where the database is empty."""
    command = [sys.executable, "manage.py", "prepare_database", *(["--demo"] if demo else [])]
    return Program("migrations", command, LOGS / "migrations.log", environment_with(addresses), ROOT)


def worker(addresses: Mapping[str, str]) -> Program:
    """Describe the worker."""
    return Program(
        "worker", [sys.executable, "manage.py", "run_worker"], LOGS / "worker.log", environment_with(addresses), ROOT
    )


def gateway(number: int, options: Options, listener: int, notify: int, addresses: Mapping[str, str]) -> Program:
    """Describe one gateway process on its own listening socket; `notify` is the pipe on which it tells that it serves."""
    inherited = ["--fd", str(listener), "--notify", str(notify)]
    return Program(
        f"gateway {number}",
        [sys.executable, "-m", "project.serve", "--server", options.server, *inherited],
        LOGS / f"gateway-{number}.log",
        environment_with(addresses),
        ROOT,
        sockets=(listener, notify),
        stop_seconds=DRAIN_SECONDS,
    )
