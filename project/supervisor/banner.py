"""The block that `make run` prints when everything serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from project.supervisor import programs


def banner(url: str, logins: Sequence[str], seconds: float, *, has_outbox: bool) -> str:
    """Return address, logins, where mails and SMS of development can be read, places of logs and data, and how to stop."""
    sign_in = [("Sign in as" if number == 0 else "", login) for number, login in enumerate(logins)]
    rows = [
        ("Open", url),
        *sign_in,
        ("API", f"{url}api/"),
        *([("Mail, SMS", f"{url}dev/outbox")] if has_outbox else []),
        ("Logs", _shown(programs.LOGS)),
        ("Data", _shown(programs.VAR / "services")),
        ("Stop", "Ctrl-C"),
    ]
    lines = [f"  {name:<12}{value}" for name, value in rows]
    return "\n".join(["", f"Portcullis runs (ready in {seconds:.1f} s).", "", *lines, ""])


def _shown(path: Path) -> str:
    return str(path.relative_to(programs.ROOT) if path.is_relative_to(programs.ROOT) else path)
