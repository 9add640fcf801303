"""What a client may ask for over a socket: the command base and the registry that apps fill. Frames and dispatch live in gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import msgspec

from kernel.actor import Actor
from kernel.wire import WireStruct


class Command(WireStruct, frozen=True):
    """The body (`d`) of an imperative frame; `name` is its type (`t`), as in `message.send`."""

    name: ClassVar[str]


class Done(WireStruct, frozen=True):
    """The answer of a command that has nothing to tell but that it was carried out."""


C = TypeVar("C", bound=Command)
Handler = Callable[[Actor, Any], WireStruct]


class RegisteredCommand(msgspec.Struct, frozen=True):
    """A command, its handler (synchronous, called in the gateway's thread pool) and the struct of its answer."""

    command: type[Command]
    answer: type[WireStruct]
    handler: Handler


_registry: dict[str, RegisteredCommand] = {}


def handles(command: type[C], *, answer: type[WireStruct]) -> Callable[[Callable[[Actor, C], WireStruct]], Handler]:
    """Register the decorated function as the handler of `command`; its answer becomes the `d` of the ack."""

    def register(handler: Callable[[Actor, C], WireStruct]) -> Handler:
        if command.name in _registry:
            raise RuntimeError(f"command {command.name} has two handlers")
        _registry[command.name] = RegisteredCommand(command, answer, handler)
        return handler

    return register


def registered_commands() -> Mapping[str, RegisteredCommand]:
    """Return every registered command by name, read-only."""
    return MappingProxyType(_registry)
