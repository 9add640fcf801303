"""What accounts understand over a socket: parse, call one action, return."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from msgspec import UNSET, UnsetType

from accounts.actions.presence import NewCustomStatus, prefer_presence
from accounts.constants import PreferredStatus
from accounts.events import PresencePreference
from kernel.actor import Actor
from kernel.commands import Command, handles
from kernel.rate_limits import take
from kernel.wire import WireStruct


class CustomStatusInput(WireStruct, frozen=True):
    """A custom status; over after `expires_in` seconds (up to 30 days), or when it is changed."""

    text: str = ""
    emoji: str = ""
    expires_in: int | None = None


class SetPresence(Command, frozen=True):
    """Choose what one is shown as, on all devices; what is absent stays, a null `custom` takes the custom status away."""

    name: ClassVar[str] = "presence.set"
    status: PreferredStatus | UnsetType = UNSET
    custom: CustomStatusInput | UnsetType | None = UNSET


@handles(SetPresence, answer=PresencePreference)
def handle_set_presence(actor: Actor, command: SetPresence) -> PresencePreference:
    """Choose, within the limit per user."""
    take(settings.RATE_LIMITS["presence.set"], str(actor.require_user()))
    return prefer_presence(actor, status=command.status, custom=_custom_of(command))


def _custom_of(command: SetPresence) -> NewCustomStatus | UnsetType | None:
    custom = command.custom
    if isinstance(custom, UnsetType) or custom is None:
        return custom
    return NewCustomStatus(text=custom.text, emoji=custom.emoji, expires_in=custom.expires_in)
