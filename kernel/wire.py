"""The base of everything that crosses the wire, in either direction: frozen, closed structs. No encoding options live elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class WireStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A frozen struct that refuses unknown fields. Times are UTC in RFC 3339, ids are UUID strings."""


class Page(WireStruct, Generic[T], frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One page of a list: `items`, and `next`, the opaque cursor of the following page or null on the last one."""

    items: list[T]
    next: str | None


_encoder = msgspec.json.Encoder()


def encode_json(value: Any) -> bytes:
    """Return the JSON bytes of a struct or plain value: one line, UTF-8."""
    return _encoder.encode(value)


def json_schemas(
    structs: Iterable[Any], *, ref_template: str
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return a reference per struct, and by name the JSON Schemas of all that they reach; the same on every Python version."""
    references, schemas = msgspec.json.schema_components(structs, ref_template=ref_template)
    for schema in schemas.values():
        if "description" in schema:  # a docstring, which Python indents before 3.13 and does not from then on
            schema["description"] = inspect.cleandoc(schema["description"])
    return list(references), schemas
