"""`manage.py export_openapi [--check]`: the OpenAPI document as a committed file."""

from pathlib import Path

from project.management.generated_file import GeneratedFileCommand
from project.rest.openapi import openapi_document


class Command(GeneratedFileCommand):
    """See the module's docstring."""

    help = "Writes the OpenAPI document of the REST edge."
    file = Path("docs/protocol/openapi.v1.json")

    def content(self) -> str:
        """Return the document."""
        return openapi_document().decode()
