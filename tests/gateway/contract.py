"""Checks frames against the published schema, so that the documents and the server cannot drift apart."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from gateway.schema import protocol_schema


def check_frame(frame: dict[str, Any], *, command: str | None = None) -> None:
    """Raise `ValidationError` unless the frame is what the schema says of its type; `command` is what an `ok` answers."""
    group, name = _place(frame, command)
    _validator(group, name).validate(frame)


def _place(frame: dict[str, Any], command: str | None) -> tuple[str, str]:
    name = frame["t"]
    if name == "ok":
        assert command is not None, "an ok answers a command"
        return "answers", command
    if name == "access.revoked" and "seq" not in frame:
        return "frames", "access.revoked (to the user who lost access)"
    return ("frames" if name in protocol_schema()["frames"] else "events"), name


@cache
def _validator(group: str, name: str) -> Draft202012Validator:
    schema = protocol_schema()
    return Draft202012Validator({"$defs": schema["$defs"], **schema[group][name]})
