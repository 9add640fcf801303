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
