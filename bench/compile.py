"""Compiles the C programs of the benchmark into `var/bench/`, again when a source is newer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
VAR = HERE.parent / "var" / "bench"
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror")


def generator() -> Path:
    """Return the compiled load generator."""
    return _compiled("load", sorted((HERE / "generator").glob("*.[ch]")))


def limit() -> Path:
    """Return the compiled limit server."""
    return _compiled("limit", [HERE / "peers" / "limit.c"])


def _compiled(name: str, sources: Sequence[Path]) -> Path:
    program = VAR / name
    newest = max(source.stat().st_mtime for source in sources)
    if not program.exists() or program.stat().st_mtime < newest:
        VAR.mkdir(parents=True, exist_ok=True)
        units = [str(source) for source in sources if source.suffix == ".c"]
        # The old one may be running, and others may compile at the same time.
        unfinished = program.with_suffix(f".{os.getpid()}")
        subprocess.run(["gcc", *FLAGS, "-o", str(unfinished), *units], check=True)
        unfinished.rename(program)
    return program
