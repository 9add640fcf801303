"""What a client may ask for over a socket: the command base and the registry that apps fill. Frames and dispatch live in gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import msgspec

from kernel.actor import Actor
from kernel.errors import DomainError
from kernel.wire import WireStruct


class Command(WireStruct, frozen=True):
    """The body (`d`) of an imperative frame; `name` is its type (`t`), as in `message.send`."""

    name: ClassVar[str]


class Done(WireStruct, frozen=True):
    """The answer of a command that has nothing to tell but that it was carried out."""


C = TypeVar("C", bound=Command)
A = TypeVar("A", bound=WireStruct)
Handler = Callable[[Actor, Any], WireStruct]
Outcome = WireStruct | DomainError
"""What became of one command of a batch: its answer, or why it was refused."""
BatchHandler = Callable[[Sequence[tuple[Actor, Any]]], Sequence[Outcome]]


class RegisteredCommand(msgspec.Struct, frozen=True):
    """A command, its handler (synchronous, called in the gateway's thread pool) and the struct of its answer.

    With a `batch_handler`, commands of many sockets may be carried out in one call; `handler` is then a batch of one.
    """

    command: type[Command]
    answer: type[WireStruct]
    handler: Handler
    batch_handler: BatchHandler | None = None


_registry: dict[str, RegisteredCommand] = {}


def handles(command: type[C], *, answer: type[WireStruct]) -> Callable[[Callable[[Actor, C], WireStruct]], Handler]:
    """Register the decorated function as the handler of `command`; its answer becomes the `d` of the ack."""

    def register(handler: Callable[[Actor, C], WireStruct]) -> Handler:
        _register(RegisteredCommand(command, answer, handler))
        return handler

    return register


def handles_batch(
    command: type[C], *, answer: type[A]
) -> Callable[[Callable[[Sequence[tuple[Actor, C]]], Sequence[A | DomainError]]], BatchHandler]:
    """Register the decorated function as the handler of any number of these commands at once.

    It returns an outcome for each, in order: a refused one is returned, not raised, and harms no other. What it raises is
    the fate of the whole batch, of which nothing may then have been done.
    """

    def register(handler: Callable[[Sequence[tuple[Actor, C]]], Sequence[A | DomainError]]) -> BatchHandler:
        def handle_one(actor: Actor, body: C) -> WireStruct:
            (outcome,) = handler([(actor, body)])
            if isinstance(outcome, DomainError):
                raise outcome
            return outcome

        _register(RegisteredCommand(command, answer, handle_one, handler))
        return handler

    return register


def _register(registered: RegisteredCommand) -> None:
    name = registered.command.name
    if name in _registry:
        raise RuntimeError(f"command {name} has two handlers")
    _registry[name] = registered


def registered_commands() -> Mapping[str, RegisteredCommand]:
    """Return every registered command by name, read-only."""
    return MappingProxyType(_registry)
