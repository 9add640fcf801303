"""The block that `make run` prints when everything serves."""

from __future__ import annotations

from collections.abc import Sequence

from project.supervisor.programs import LOGS, ROOT, VAR


def banner(url: str, logins: Sequence[str], seconds: float) -> str:
    """Return address, logins, places of logs and data, and how to stop."""
    sign_in = [("Sign in as" if number == 0 else "", login) for number, login in enumerate(logins)]
    rows = [
        ("Open", url),
        *sign_in,
        ("API", f"{url}api/schema/"),
        ("Logs", str(LOGS.relative_to(ROOT))),
        ("Data", str(VAR.relative_to(ROOT) / "services")),
        ("Stop", "Ctrl-C"),
    ]
    lines = [f"  {name:<12}{value}" for name, value in rows]
    return "\n".join(["", f"Portcullis runs (ready in {seconds:.1f} s).", "", *lines, ""])
