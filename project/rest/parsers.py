"""Reads request bodies: JSON only, within the published size, without what PostgreSQL or UTF-8 could not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from rest_framework.parsers import BaseParser

from kernel.errors import InvalidInput, TooLarge

NESTING_LIMIT = 32


class StrictJsonParser(BaseParser):
    """RFC 8259 JSON by msgspec, which refuses NaN, lone surrogates and invalid UTF-8; NUL and deep nesting are refused here."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002  # DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """Return the decoded body. Raises `InvalidInput`, or `TooLarge` before more than the limit is held in memory."""
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge(max_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        value = _decode(body)
        _refuse_unsafe(value, depth=0)
        return value


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        raise InvalidInput("The body is not valid UTF-8.") from error
    except RecursionError as error:
        raise InvalidInput(f"The body is nested deeper than {NESTING_LIMIT} levels.") from error
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"The body is not valid JSON: {error}.") from error


def _refuse_unsafe(value: Any, depth: int) -> None:
    """Refuse NUL characters (PostgreSQL's text cannot hold them) and nesting beyond the limit, wherever they hide."""
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidInput("The body holds a NUL character.")
        return
    if not isinstance(value, (dict, list)):
        return
    if depth == NESTING_LIMIT:
        raise InvalidInput(f"The body is nested deeper than {NESTING_LIMIT} levels.")
    for item in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
        _refuse_unsafe(item, depth + 1)
