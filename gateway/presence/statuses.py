"""What others see of a user, worked out from what Redis knows of them. The one place where invisible becomes offline."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from accounts.constants import PreferredStatus
from accounts.events import CustomStatus
from kernel.ids import UserId


class ShownStatus(StrEnum):
    """What others see of a user. There is no sign of invisible in it."""

    ONLINE = "online"
    IDLE = "idle"
    DO_NOT_DISTURB = "dnd"
    OFFLINE = "offline"


class Presence(msgspec.Struct, frozen=True, array_like=True):
    """How a user is shown; somebody offline has no custom status."""

    status: ShownStatus
    custom: CustomStatus | None = None


OFFLINE = Presence(ShownStatus.OFFLINE)


class Record(msgspec.Struct, frozen=True):
    """What Redis knows of a user: of each process with a device of theirs whether one is in use, and what they prefer.

    `version` grows with every change, also when Redis was emptied in between.
    """

    version: int = 0
    processes: tuple[bool, ...] = ()
    preferred: PreferredStatus = PreferredStatus.ONLINE
    custom: CustomStatus | None = None


class Sighting(msgspec.Struct, frozen=True, array_like=True):
    """How a user is shown as of a version of their record. What processes tell one another."""

    user: UUID
    version: int
    presence: Presence

    @property
    def user_id(self) -> UserId:
        """Whose it is."""
        return UserId(self.user)


class Transition(msgspec.Struct, frozen=True):
    """One change of a user's record; whoever made it announces it."""

    user_id: UserId
    before: Record
    after: Record


def presence_of(record: Record) -> Presence:
    """Return how the user is shown: their wish, while they are there, and without one what their devices say."""
    if not record.processes or record.preferred is PreferredStatus.INVISIBLE:
        return OFFLINE
    if record.preferred is not PreferredStatus.ONLINE:
        return Presence(ShownStatus(record.preferred), record.custom)
    return Presence(ShownStatus.ONLINE if any(record.processes) else ShownStatus.IDLE, record.custom)


def sightings_of(transitions: Sequence[Transition], repeated: Collection[UserId] = ()) -> list[Sighting]:
    """Return what others are to be told: nothing of changes that do not show, unless they are `repeated`.

    What is told again may have been told before in vain, and then this transition does not show what changed.
    """
    return [
        Sighting(transition.user_id, transition.after.version, presence_of(transition.after))
        for transition in transitions
        if transition.user_id in repeated or presence_of(transition.before) != presence_of(transition.after)
    ]


ACTIVE, INACTIVE = b"active", b"inactive"
PROCESS_PREFIX = b"@"


def record_of(fields: Sequence[Any]) -> Record:
    """Return the record in a Redis hash, given as its fields and values in turn; an empty one is that of an unknown user."""
    values = dict(zip(fields[::2], fields[1::2], strict=True))
    custom = values.get(b"custom")
    return Record(
        version=int(values.get(b"version", 0)),
        processes=tuple(value == ACTIVE for field, value in values.items() if field.startswith(PROCESS_PREFIX)),
        preferred=PreferredStatus(values.get(b"preferred", b"online").decode()),
        custom=msgspec.json.decode(custom, type=CustomStatus) if custom else None,
    )
