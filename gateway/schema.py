"""The protocol as documents: JSON Schema and AsyncAPI 3, generated from the structs. Nothing is described twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from eventlog.events import EventType, registered_events
from gateway.close_codes import CloseCode
from gateway.commands import Authenticate, Authenticated, Followed, FollowTopic, Ping, UnfollowTopic
from gateway.frames import FEATURE_LEVEL, JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, ProblemBody, ReconnectBody
from gateway.hello import HelloBody, communities_source
from gateway.presence.commands import ReportPresence, UnwatchPresence, Watched, WatchPresence
from kernel.commands import Command, Done, RegisteredCommand, registered_commands
from kernel.wire import WireStruct, json_schemas

Schema = dict[str, Any]

_OWN_COMMANDS: dict[type[Command], type[WireStruct]] = {
    Authenticate: Authenticated,
    Ping: Done,
    FollowTopic: Followed,
    UnfollowTopic: Done,
    WatchPresence: Watched,
    UnwatchPresence: Done,
    ReportPresence: Done,
}


def protocol_schema() -> Schema:
    """Return the JSON Schema of every frame: `commands` with their answers, `events`, and the server's own `frames`."""
    frames, definitions = _frames("#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Portcullis gateway protocol, version 1",
        "feature_level": FEATURE_LEVEL,
        "close_codes": {str(int(code)): code.name.lower() for code in CloseCode},
        **frames,
        "$defs": definitions,
    }


def asyncapi_document() -> Schema:
    """Return the AsyncAPI 3 document of the gateway."""
    frames, definitions = _frames("#/components/schemas/{name}")
    from_client = _messages(frames["commands"])
    from_server = _messages(frames["answers"], suffix=".ok") | _messages(frames["events"]) | _messages(frames["frames"])
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Portcullis gateway",
            "version": f"1.{FEATURE_LEVEL}",
            "description": "A text message carries one or more JSON objects, one per line. Sign in with a ticket from the REST API.",
        },
        "defaultContentType": "application/json",
        "channels": {"gateway": _channel(from_client | from_server)},
        "operations": {
            "command": _operation("receive", "A client asks for something.", from_client),
            "deliver": _operation("send", "The server answers, or tells what happened.", from_server),
        },
        "components": {"messages": from_client | from_server, "schemas": definitions},
    }


def _frames(ref_template: str) -> tuple[dict[str, dict[str, Schema]], dict[str, Schema]]:
    """Return the schemas of all frames by group and name, and the definitions that they refer to."""
    registered = [*_own(), *registered_commands().values()]
    events = sorted(registered_events().values(), key=lambda event_type: event_type.name)
    item = communities_source().item
    structs: list[type[WireStruct]] = [ProblemBody, HelloBody, ReconnectBody, item]
    structs += [command.command for command in registered] + [command.answer for command in registered]
    structs += [event_type.event for event_type in events]
    references, definitions = _references(structs, ref_template)
    definitions[HelloBody.__name__]["properties"]["communities"] = {"type": "array", "items": references[item]}
    commands = sorted(registered, key=lambda command: command.command.name)
    return {
        "commands": {entry.command.name: _command(entry, references) for entry in commands},
        "answers": {entry.command.name: _answer(references[entry.answer]) for entry in commands},
        "events": {event_type.name: _event(event_type, references) for event_type in events},
        "frames": {
            "hello": _object(t={"const": "hello"}, d=references[HelloBody]),
            "problem": _object(t={"const": "problem"}, ref={"type": ["string", "null"]}, d=references[ProblemBody]),
            "reconnect": _object(t={"const": "reconnect"}, d=references[ReconnectBody]),
            "access.revoked (to the user who lost access)": _object(
                t={"const": "access.revoked"}, topic={"type": "string"}, d=references[ProblemBody]
            ),
        },
    }, definitions


def _own() -> Iterable[RegisteredCommand]:
    return (RegisteredCommand(command, answer, _answered_by_the_gateway) for command, answer in _OWN_COMMANDS.items())


def _answered_by_the_gateway(*_: Any) -> WireStruct:
    raise RuntimeError("the gateway answers this command itself")


def _references(
    structs: Iterable[type[WireStruct]], ref_template: str
) -> tuple[dict[type[WireStruct], Schema], dict[str, Schema]]:
    unique = list(dict.fromkeys(structs))
    references, definitions = json_schemas(unique, ref_template=ref_template)
    return dict(zip(unique, references, strict=True)), definitions


def _command(entry: RegisteredCommand, references: dict[type[WireStruct], Schema]) -> Schema:
    schema = _object(
        t={"const": entry.command.name}, ref={"type": ["string", "null"], "maxLength": 64}, d=references[entry.command]
    )
    return schema | {"required": ["t"], "description": _first_line(entry.command)}


def _answer(answer: Schema) -> Schema:
    return _object(t={"const": "ok"}, ref={"type": ["string", "null"]}, d=answer)


def _event(event_type: EventType, references: dict[type[WireStruct], Schema]) -> Schema:
    properties: dict[str, Schema] = {"t": {"const": event_type.name}, "topic": {"type": "string"}}
    if event_type.durable:
        properties["seq"] = {"type": "integer", "minimum": 1}
    schema = _object(**properties, d=references[event_type.event])
    return schema | {"description": _first_line(event_type.event), "x-delivery": event_type.delivery}


def _first_line(struct: type[WireStruct]) -> str:
    return (struct.__doc__ or "").strip().partition("\n")[0]


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _messages(frames: dict[str, Schema], suffix: str = "") -> dict[str, Schema]:
    return {_key(name) + suffix: {"title": name + suffix, "payload": schema} for name, schema in frames.items()}


def _key(name: str) -> str:
    """Return a message key in the alphabet that AsyncAPI allows."""
    return name.partition(" ")[0] + (".personal" if " " in name else "")


def _channel(messages: dict[str, Schema]) -> Schema:
    return {
        "address": "/ws/v1",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "ws": {"method": "GET", "query": {"type": "object", "properties": {"ticket": {"type": "string"}}}}
        },
        "description": f"Subprotocols: {JSON_SUBPROTOCOL} (text), {MSGPACK_SUBPROTOCOL} (binary, the same objects).",
    }


def _operation(action: str, summary: str, messages: dict[str, Schema]) -> Schema:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/gateway"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/gateway/messages/{name}"} for name in messages],
    }
