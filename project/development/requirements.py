"""`make requirements`: pins what `requirements/*.in` ask for, with hashes and without the address of any index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "requirements"
SETS = ("base", "embedded", "development", "bench")  # each one keeps to the pins of the ones before it
OPTIONS = (
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--quiet",
)


def main(arguments: list[str]) -> int:
    """Compile every set; arguments, as in `--upgrade` or `--upgrade-package=django`, go to pip-compile."""
    for position, name in enumerate(SETS):
        constraints = [f"--constraint={earlier}.txt" for earlier in SETS[:position]]
        command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *constraints, *arguments]
        files = [f"--output-file={name}.txt", f"{name}.in"]
        environment = os.environ | {"CUSTOM_COMPILE_COMMAND": "make requirements"}
        result = subprocess.run([*command, *files], check=False, cwd=FOLDER, env=environment)
        if result.returncode:
            return result.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
