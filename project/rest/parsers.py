"""Reads request bodies: JSON only, within the published size, without what PostgreSQL or UTF-8 could not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from rest_framework.parsers import BaseParser

from kernel.errors import InvalidInput, TooLarge

NESTING_LIMIT = 32
_STRINGS_AND_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)


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
        _refuse_deep_nesting(body)
        value = _decode(body)
        _refuse_nul(value)
        return value


def _refuse_deep_nesting(body: bytes) -> None:
    """Refuse it unread: a decoder that runs out of stack would leave none to whatever Python does meanwhile, such as collecting garbage."""
    if body.count(b"[") + body.count(b"{") <= NESTING_LIMIT:
        return
    depth = 0
    for found in _STRINGS_AND_BRACKETS.finditer(body):
        match found.group():
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
        if depth > NESTING_LIMIT:
            raise InvalidInput(f"The body is nested deeper than {NESTING_LIMIT} levels.")


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        raise InvalidInput("The body is not valid UTF-8.") from error
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"The body is not valid JSON: {error}.") from error


def _refuse_nul(value: Any) -> None:
    """Refuse NUL characters, which PostgreSQL's text cannot hold, wherever they hide."""
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidInput("The body holds a NUL character.")
        return
    if not isinstance(value, (dict, list)):
        return
    for item in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
        _refuse_nul(item)
