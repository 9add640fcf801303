"""`manage.py export_env_example [--check]`: every setting, with its default and what it is for, as `.env.example`."""

from pathlib import Path

from project.environment import example_file
from project.management.generated_file import GeneratedFileCommand


class Command(GeneratedFileCommand):
    """See the module's docstring."""

    help = "Writes .env.example from the typed settings."
    file = Path(".env.example")

    def content(self) -> str:
        """Return the file."""
        return example_file()
