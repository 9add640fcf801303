"""Asks whether anything that is pinned has a known vulnerability. Not being able to ask is said, and is not a failure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements" / "bench.txt"  # contains all others
TIMEOUT_SECONDS = 180
OPTIONS = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json", "--timeout=10")


def main() -> int:
    """Audit every pin; return 1 when a vulnerability is known."""
    command = [sys.executable, "-m", "pip_audit", *OPTIONS, f"--requirement={REQUIREMENTS}"]
    try:
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return not_audited(f"it did not answer within {TIMEOUT_SECONDS} s")
    try:
        dependencies = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        return not_audited(last_error(result.stderr))
    return verdict(dependencies)


def verdict(dependencies: list[dict[str, Any]]) -> int:
    """Print the vulnerabilities and how much could be audited; return 1 when there are any."""
    audited = [dependency for dependency in dependencies if "vulns" in dependency]
    if not audited:
        return not_audited("it knows none of the packages")
    lines = [
        f"{dependency['name']} {dependency['version']}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'no version'}"
        for dependency in audited
        for found in dependency["vulns"]
    ]
    if len(audited) < len(dependencies):
        lines.append(f"{len(dependencies) - len(audited)} of {len(dependencies)} packages are unknown to the service.")
    print("\n".join(lines))
    return 1 if any(dependency["vulns"] for dependency in audited) else 0


def not_audited(reason: str) -> int:
    """Say in one sentence that nothing was learnt."""
    print(f"Nothing was audited: the vulnerability service could not be asked ({reason}).")
    return 0


def last_error(text: str) -> str:
    """Return the name of the exception that ended a Python program."""
    lines = text.strip().splitlines() or ["no reason given"]
    return lines[-1].split(":")[0].rpartition(".")[2]


if __name__ == "__main__":
    raise SystemExit(main())
