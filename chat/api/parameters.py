"""What bodies and query parameters of chat mean. Reading the parameters raw is `accounts.api.requests`' part."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from rest_framework.request import Request
from rest_framework.serializers import Serializer

from kernel.errors import InvalidInput

_SEQ_DIGITS = 18

E = TypeVar("E", bound=StrEnum)


def body_of(request: Request, serializer: type[Serializer[None]]) -> dict[str, Any]:
    """Return the checked body of a request. Raises `ValidationError`, which names every bad field."""
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def parse_seq(text: str | None, name: str) -> int | None:
    """Return the seq, or None when it is not given. Raises `InvalidInput` for anything but a plain number."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _SEQ_DIGITS):
        raise InvalidInput("A seq is a plain number.", field=name)
    return int(text)


def parse_flag(text: str | None, name: str) -> bool:
    """Return whether the flag is set; not given is false. Raises `InvalidInput` for anything but true and false."""
    if text not in (None, "true", "false"):
        raise InvalidInput("Use true or false.", field=name)
    return text == "true"


def parse_choice(text: str | None, name: str, choices: type[E]) -> E | None:
    """Return the member of the enumeration, or None when it is not given. Raises `InvalidInput` for another value."""
    try:
        return None if text is None else choices(text)
    except ValueError as error:
        raise InvalidInput(f"Filter by one of {', '.join(choices)}.", field=name) from error
