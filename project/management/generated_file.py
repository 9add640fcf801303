"""What the export commands share: write a generated file, or check that the committed one is current."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.environment import BASE_DIR


class GeneratedFileCommand(BaseCommand):
    """A command that writes `file`; with `--check` it fails when the file differs from what would be written."""

    file: Path

    def content(self) -> str:
        """Return what the file must hold."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is not current")

    def handle(self, *_: object, check: bool, **__: object) -> None:
        """Write the file or compare it."""
        path = BASE_DIR / self.file
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.content())
            self.stdout.write(f"{self.file} written")
        elif not path.exists() or path.read_text() != self.content():
            command = type(self).__module__.rpartition(".")[2]
            raise CommandError(f"{self.file} is not current. Run: python manage.py {command}")
