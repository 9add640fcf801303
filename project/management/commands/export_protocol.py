"""`manage.py export_protocol [--check]`: the socket protocol as committed JSON Schema and AsyncAPI documents."""

import json
from typing import Any

from gateway.schema import asyncapi_document, protocol_schema
from project.management.generated_files import GeneratedFilesCommand


class Command(GeneratedFilesCommand):
    """See the module's docstring."""

    help = "Writes the JSON Schema and the AsyncAPI document of the gateway protocol."

    def contents(self) -> dict[str, str]:
        """Return the documents."""
        return {
            "docs/protocol/schema.v1.json": _pretty(protocol_schema()),
            "docs/protocol/asyncapi.v1.json": _pretty(asyncapi_document()),
        }


def _pretty(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
