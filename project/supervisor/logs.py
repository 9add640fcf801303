"""Keeps the log files of a long run small. Production leaves this to the container runtime or journald."""

from __future__ import annotations

import shutil
from pathlib import Path

LARGEST_BYTES = 20 * 1024 * 1024


def rotate_large_logs(folder: Path) -> None:
    """Copy each large log to `<name>.1` and empty it; children append, so they go on writing at its new end."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > LARGEST_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as stream:
                stream.truncate()
