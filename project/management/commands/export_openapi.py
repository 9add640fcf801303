"""`manage.py export_openapi [--check]`: the OpenAPI document as a committed file."""

from project.management.generated_files import GeneratedFilesCommand
from project.rest.openapi import openapi_document


class Command(GeneratedFilesCommand):
    """See the module's docstring."""

    help = "Writes the OpenAPI document of the REST edge."

    def contents(self) -> dict[str, str]:
        """Return the document."""
        return {"docs/protocol/openapi.v1.json": openapi_document().decode()}
