"""Packages of npm, fetched by npm itself into `var/bench/`, and the JavaScript servers that use them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from bench.compile import VAR
from bench.servers import Absent

FETCH_SECONDS = 180


def installed(name: str, *packages: str) -> Path:
    """Return the folder in which the packages are installed; fetch them the first time. Raises `Absent`."""
    folder = VAR / "peers" / name
    if not shutil.which("node") or not shutil.which("npm"):
        raise Absent("needs node and npm")
    if (folder / "node_modules").exists():
        return folder
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    (unfinished / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    fetch = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages]
    try:
        subprocess.run(fetch, cwd=unfinished, check=True, capture_output=True, timeout=FETCH_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise Absent(f"the packages {', '.join(packages)} cannot be fetched: {type(error).__name__}") from error
    unfinished.rename(folder)
    return folder


def version_of(name: str, package: str) -> str:
    """Return the version of an installed package."""
    described = json.loads((VAR / "peers" / name / "node_modules" / package / "package.json").read_text())
    return f"{package} {described['version']}"
