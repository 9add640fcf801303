"""The folder in which the processes of one machine keep their metrics, so that a scrape of one shows all. Emptied at each start."""

from __future__ import annotations

import shutil
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def empty(folder: Path) -> None:
    """Make the folder, without what an earlier run left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def forget(folder: Path, pid: int) -> None:
    """Take back what a process that has ended said of the present; what it has counted stays counted."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
