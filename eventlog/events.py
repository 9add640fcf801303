"""The event contract: the base of all events, the registry that names them, and the events that the log itself defines.

Domain events live in each app's own `events.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeVar
from uuid import UUID

import msgspec

from kernel.wire import WireStruct

Delivery = Literal["lossless", "coalesced", "droppable"]


class Event(WireStruct, frozen=True):
    """The body (`d`) of an event: a past-tense fact. Nothing in it differs per recipient."""


class EventType(msgspec.Struct, frozen=True):
    """A registered event: its dotted name on the wire, its struct, and what may happen to it under back-pressure.

    With `audience_max`, a process does not deliver it where more sockets than that follow the topic.
    """

    name: str
    event: type[Event]
    delivery: Delivery
    audience_max: int | None = None

    @property
    def durable(self) -> bool:
        """Whether events of this type are numbered and kept."""
        return self.delivery == "lossless"


E = TypeVar("E", bound=type[Event])

_by_name: dict[str, EventType] = {}
_by_class: dict[type[Event], EventType] = {}


def durable_event(name: str) -> Callable[[E], E]:
    """Register a numbered, kept event under its name on the wire."""
    return _register(name, "lossless")


def ephemeral_event(
    name: str, *, delivery: Literal["coalesced", "droppable"], audience_max: int | None = None
) -> Callable[[E], E]:
    """Register an event that is neither numbered nor kept.

    `delivery` says how it may be lost to a slow client, `audience_max` above how many followers it is not sent at all.
    """
    return _register(name, delivery, audience_max)


def _register(name: str, delivery: Delivery, audience_max: int | None = None) -> Callable[[E], E]:
    def register(event: E) -> E:
        if name in _by_name:
            raise RuntimeError(f"event {name} is registered twice")
        _by_name[name] = _by_class[event] = EventType(name, event, delivery, audience_max)
        return event

    return register


def event_type_of(event: Event) -> EventType:
    """Return the registration of an event's class."""
    return _by_class[type(event)]


def registered_events() -> Mapping[str, EventType]:
    """Return every registered event type by name, read-only."""
    return MappingProxyType(_by_name)


@durable_event("access.revoked")
class AccessRevoked(Event, frozen=True):
    """A user can no longer read this topic: every gateway drops the user's subscriptions when it reaches this event.

    Appended to each lost topic in the transaction that took the access away. The reason is not part of
    it, because the other followers see it too; the user gets a frame of their own with code and remedy.
    """

    user: UUID


@durable_event("access.reviewed")
class AccessReviewed(Event, frozen=True):
    """Access to this topic has changed for very many: every gateway asks anew about each of its followers before it gives them more.

    One event per topic in the transaction that changed it, whoever and however many lost it. Followers who keep it see it, and need
    not act.
    """
