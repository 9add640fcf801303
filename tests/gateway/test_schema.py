"""The published protocol: complete, without dangling references, and committed as it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from eventlog.events import registered_events
from gateway.schema import asyncapi_document, protocol_schema
from kernel.commands import registered_commands
from project.environment import BASE_DIR


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolve(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_every_registered_command_and_event_is_in_the_schema():
    schema = protocol_schema()
    assert set(registered_commands()) <= set(schema["commands"])
    assert set(schema["commands"]) - set(registered_commands()) == {
        "auth",
        "ping",
        "presence.report",
        "presence.unwatch",
        "presence.watch",
        "topic.follow",
        "topic.unfollow",
    }
    assert set(schema["answers"]) == set(schema["commands"])
    assert set(schema["events"]) == set(registered_events())


def test_every_schema_is_valid_and_every_reference_resolves():
    for document in (protocol_schema(), asyncapi_document()):
        assert all(resolve(document, reference) for reference in references(document))
    schema = protocol_schema()
    for group in ("commands", "answers", "events", "frames"):
        for frame in schema[group].values():
            Draft202012Validator.check_schema(frame)


def test_asyncapi_operations_cover_every_message_of_the_channel():
    document = asyncapi_document()
    named = [entry["$ref"] for operation in document["operations"].values() for entry in operation["messages"]]
    assert sorted(named) == sorted(
        f"#/channels/gateway/messages/{name}" for name in document["channels"]["gateway"]["messages"]
    )


def test_the_committed_documents_are_current():
    """Asked in a process of its own: other tests register events that are not the product's."""
    subprocess.run([sys.executable, "manage.py", "export_protocol", "--check"], check=True, cwd=BASE_DIR)
