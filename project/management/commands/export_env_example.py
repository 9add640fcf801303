"""`manage.py export_env_example [--check]`: every setting, with its default and what it is for, as `.env.example`."""

from project.environment import example_file
from project.management.generated_files import GeneratedFilesCommand


class Command(GeneratedFilesCommand):
    """See the module's docstring."""

    help = "Writes .env.example from the typed settings."

    def contents(self) -> dict[str, str]:
        """Return the file."""
        return {".env.example": example_file()}
