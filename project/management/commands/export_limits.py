"""`manage.py export_limits [--check]`: the table of limits as a committed page."""

from project.limit_table import PATH, document
from project.management.generated_files import GeneratedFilesCommand


class Command(GeneratedFilesCommand):
    """See the module's docstring."""

    help = "Writes the page of limits from the typed settings."

    def contents(self) -> dict[str, str]:
        """Return the page."""
        return {PATH: document()}
