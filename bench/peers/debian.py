"""Debian packages without installing them: fetched by the distribution's own client and unpacked below `var/bench/`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bench.compile import VAR
from bench.servers import Absent

FETCH_SECONDS = 120


def unpacked(name: str, *packages: str) -> Path:
    """Return the folder in which the packages are unpacked; fetch them the first time. Raises `Absent`."""
    folder = VAR / "peers" / name
    if folder.exists():
        return folder
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Absent("needs Debian's apt-get and dpkg-deb")
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    fetch = ["apt-get", "-q", "download", *packages]
    try:
        subprocess.run(fetch, cwd=unfinished, check=True, capture_output=True, timeout=FETCH_SECONDS)
        for package in sorted(unfinished.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", str(package), str(unfinished)], check=True, capture_output=True)
    except (subprocess.SubprocessError, OSError) as error:
        raise Absent(f"the packages {', '.join(packages)} cannot be fetched: {type(error).__name__}") from error
    unfinished.rename(folder)
    return folder


def closure(package: str) -> list[str]:
    """Return the package and what it needs that is not installed here, as apt would install it. Raises `Absent`."""
    simulate = ["apt-get", "install", "--simulate", "--no-install-recommends", package]
    try:
        told = subprocess.run(simulate, check=True, capture_output=True, text=True, timeout=FETCH_SECONDS).stdout
    except (subprocess.SubprocessError, OSError) as error:
        raise Absent(f"{package} is not among the packages of this distribution") from error
    return [line.split()[1] for line in told.splitlines() if line.startswith("Inst ")] or [package]
