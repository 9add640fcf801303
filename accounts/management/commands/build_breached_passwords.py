"""`manage.py build_breached_passwords FILE`: a compact list of stolen passwords from any list that the operator has."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.processing.breached_passwords import digests, write_filter

RATE = 0.001
RATE_MAX = 0.1


class Command(BaseCommand):
    """Reads the list twice: to count it, then to write. It needs the memory of no more than a line."""

    help = "Make the file for BREACHED_PASSWORDS_FILE from a list of passwords or of their SHA-1, one in a line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the list, where to write, and how often the result may be wrong."""
        parser.add_argument(
            "file", type=Path, help="a password, or its SHA-1 in hexadecimal with or without :count, in each line"
        )
        parser.add_argument("--to", type=Path, default=Path("var/breached_passwords.bin"), help="where to write")
        parser.add_argument(
            "--false-positives", type=float, default=RATE, help=f"share of good passwords refused: {RATE}"
        )

    def handle(self, *args: Any, file: Path, to: Path, false_positives: float, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Write the file and say how large it is."""
        if not 0 < false_positives <= RATE_MAX:
            raise CommandError(f"Use a share above 0 and up to {RATE_MAX}.")
        try:
            with file.open("rb") as lines:
                passwords = sum(1 for _ in digests(lines))
                lines.seek(0)
                to.parent.mkdir(parents=True, exist_ok=True)
                write_filter(to, lines, passwords=passwords, false_positives=false_positives)
        except OSError as error:
            raise CommandError(f"{error.filename or file}: {error.strerror}") from error
        self.stdout.write(
            f"{passwords:,} passwords in {to} ({to.stat().st_size:,} bytes). Set BREACHED_PASSWORDS_FILE={to}."
        )
