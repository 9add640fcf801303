"""What the export commands share: write generated files, or check that the committed ones are current."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.environment import BASE_DIR


class GeneratedFilesCommand(BaseCommand):
    """A command that writes files; with `--check` it fails when one differs from what would be written."""

    def contents(self) -> dict[str, str]:
        """Return what each file must hold, by its path below the project."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is not current")

    def handle(self, *_: object, check: bool, **__: object) -> None:
        """Write the files or compare them."""
        for name, content in self.contents().items():
            self._compare(name, content) if check else self._write(name, content)

    def _write(self, name: str, content: str) -> None:
        path = BASE_DIR / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        self.stdout.write(f"{name} written")

    def _compare(self, name: str, content: str) -> None:
        path = BASE_DIR / name
        if not path.exists() or path.read_text() != content:
            command = type(self).__module__.rpartition(".")[2]
            raise CommandError(f"{name} is not current. Run: python manage.py {command}")
