"""Choosing what one is shown as. Who is there is the gateway's knowledge; nothing here knows of sockets."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from msgspec import UNSET, UnsetType

from accounts.constants import (
    CUSTOM_STATUS_EMOJI_MAX_LENGTH,
    CUSTOM_STATUS_MAX_LENGTH,
    CUSTOM_STATUS_MAX_SECONDS,
    PreferredStatus,
)
from accounts.events import PresencePreference, UserUpdated
from accounts.models import User
from accounts.models.locks import lock_user
from accounts.models.users import validate_printable
from accounts.payloads import me_payload, presence_preference
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound

_COLUMNS = [
    "preferred_status",
    "custom_status_text",
    "custom_status_emoji",
    "custom_status_expires_at",
    "presence_revision",
]


class NewCustomStatus(msgspec.Struct, frozen=True):
    """A custom status as its user sets it; over after `expires_in` seconds, or when it is changed."""

    text: str = ""
    emoji: str = ""
    expires_in: int | None = None


@transaction.atomic
def prefer_presence(
    actor: Actor,
    *,
    status: PreferredStatus | UnsetType = UNSET,
    custom: NewCustomStatus | UnsetType | None = UNSET,
) -> PresencePreference:
    """Choose what the actor is shown as, on all devices; what is unset stays, None takes the custom status away.

    Locks the user. Emits `user.updated` to the actor's own devices, which is also how the gateways learn of it, when something was
    given. Raises `InvalidInput`.
    """
    user = lock_user(actor.require_user())
    if user is None:
        raise NotFound
    if status is UNSET and custom is UNSET:
        return presence_preference(user)
    if not isinstance(status, UnsetType):
        user.preferred_status = status
    if not isinstance(custom, UnsetType):
        _set_custom_status(user, custom or NewCustomStatus())
    user.presence_revision += 1
    user.save(update_fields=_COLUMNS)
    append([Draft(topic_for("user", user.id), UserUpdated(user=me_payload(user)))])
    return presence_preference(user)


def _set_custom_status(user: User, custom: NewCustomStatus) -> None:
    if custom.expires_in is not None and not 1 <= custom.expires_in <= CUSTOM_STATUS_MAX_SECONDS:
        longest = CUSTOM_STATUS_MAX_SECONDS // 86_400
        raise InvalidInput(f"A custom status lasts from 1 second to {longest} days.", field="custom.expires_in")
    user.custom_status_text = _shown("custom.text", custom.text, CUSTOM_STATUS_MAX_LENGTH)
    user.custom_status_emoji = _shown("custom.emoji", custom.emoji, CUSTOM_STATUS_EMOJI_MAX_LENGTH)
    user.custom_status_expires_at = None if custom.expires_in is None else now() + timedelta(seconds=custom.expires_in)


def _shown(field: str, text: str, longest: int) -> str:
    """Return the text without space around it. Raises `InvalidInput` when it is too long or does not show as what it is."""
    stripped = text.strip()
    if len(stripped) > longest:
        raise InvalidInput(f"Use at most {longest} characters.", field=field)
    try:
        validate_printable(stripped)
    except ValidationError as error:
        raise InvalidInput(error.messages[0], field=field) from error
    return stripped
