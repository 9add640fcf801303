"""Packages of PyPI that are not ours to depend on, fetched by pip into `var/bench/`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bench.compile import VAR
from bench.servers import Absent

FETCH_SECONDS = 180


def installed(name: str, *packages: str) -> Path:
    """Return the folder in which the packages are installed; fetch them the first time. Raises `Absent`."""
    folder = VAR / "peers" / name
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    fetch = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(unfinished), *packages]
    try:
        subprocess.run(fetch, check=True, capture_output=True, timeout=FETCH_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise Absent(f"the packages {', '.join(packages)} cannot be fetched: {type(error).__name__}") from error
    unfinished.rename(folder)
    return folder


def version_of(folder: Path, package: str) -> str:
    """Return the version of an installed package."""
    (found,) = folder.glob(f"{package.replace('-', '_')}-*.dist-info")
    return f"{package} {found.name.removesuffix('.dist-info').rpartition('-')[2]}"
