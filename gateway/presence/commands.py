"""The commands about presence that the gateway itself answers. What a user prefers to be shown as is `presence.set`, of accounts."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from gateway.presence.events import PresencePayload
from kernel.commands import Command
from kernel.wire import WireStruct


class WatchPresence(Command, frozen=True):
    """Look at members of a community whose topic the socket follows, in place of those looked at before. At most a window of them."""

    name: ClassVar[str] = "presence.watch"
    community: UUID
    users: list[UUID]


class UnwatchPresence(Command, frozen=True):
    """Look at nobody in this community any more."""

    name: ClassVar[str] = "presence.unwatch"
    community: UUID


class ReportPresence(Command, frozen=True):
    """Say whether somebody uses this device; not in use lasts until the device is used again."""

    name: ClassVar[str] = "presence.report"
    active: bool


class Watched(WireStruct, frozen=True):
    """How the members are shown, in the order they were named in; `presence.changed` follows for them and nobody else.

    Who is not a member, or may not be seen, is not among them.
    """

    members: list[PresencePayload]
