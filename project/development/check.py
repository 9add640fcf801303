"""`make check`: everything that is not a test, two at a time. Shows the output of what fails, and how long each took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2
TELLING = ("known vulnerabilities",)  # may pass with something to say: that it could not ask


@dataclass(frozen=True)
class Check:
    """A check's name and the arguments of the Python that runs it."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What became of a check."""

    check: Check
    passed: bool
    seconds: float
    output: str


def manage(*arguments: str) -> tuple[str, ...]:
    """Return the arguments for a management command."""
    return ("manage.py", *arguments)


def packages() -> list[str]:
    """Return the folders of the product. Tests say what they mean without annotations."""
    return sorted(found.parent.name for found in ROOT.glob("*/__init__.py") if found.parent.name != "tests")


LINT = ("--no-cache", "--ignore-name=0001_initial", "--quiet=ok", "--quiet=ignore")

# The slowest first.
CHECKS = (
    Check("types", ("-m", "mypy", *packages())),
    Check("known vulnerabilities", ("-m", "project.development.audit")),
    Check("lint", ("-m", "ruff", "check", "--no-cache", "--output-format=concise")),
    Check("format", ("-m", "ruff", "format", "--check", "--no-cache")),
    Check(
        "layers",
        (
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--config=importlinter.ini",
            "--no-cache",
        ),
    ),
    Check("settings", manage("check", "--fail-level", "WARNING")),
    Check("missing migrations", manage("makemigrations", "--check", "--dry-run")),
    # The first migration of an app makes tables that nobody uses yet.
    Check("risky migrations", manage("lintmigrations", *LINT, "--include-apps", *packages())),
    Check("socket schema", manage("export_protocol", "--check")),
    Check("REST schema", manage("export_openapi", "--check")),
    Check(".env.example", manage("export_env_example", "--check")),
    Check("page of limits", manage("export_limits", "--check")),
)


def main(names: list[str]) -> int:
    """Run all checks, or those that are named; return 1 if any failed."""
    chosen = [check for check in CHECKS if not names or check.name in names]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        failed = report(threads.map(run, chosen))
    if failed:
        print(f"\nFailed: {', '.join(failed)}.")
    return 1 if failed else 0


def run(check: Check) -> Result:
    """Run one check to its end."""
    began = time.monotonic()
    environment = os.environ | {
        "ENVIRONMENT": "test",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "LOG_LEVEL": "WARNING",
    }
    result = subprocess.run(
        [sys.executable, *check.arguments],
        check=False,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Result(check, result.returncode == 0, time.monotonic() - began, result.stdout.strip())


def report(results: Iterable[Result]) -> list[str]:
    """Print a line per check as they come, with the output of those that failed; return the names of these."""
    failed = []
    for result in results:
        print(f"{'ok    ' if result.passed else 'FAILED'} {result.check.name:<24}{result.seconds:6.1f} s", flush=True)
        if not result.passed:
            failed.append(result.check.name)
        if result.output and (not result.passed or result.check.name in TELLING):
            print(indented(result.output), flush=True)
    return failed


def indented(text: str) -> str:
    """Set output apart from our own lines."""
    return "\n".join(f"    {line}" for line in text.splitlines())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
