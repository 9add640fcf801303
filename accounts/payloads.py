"""From models to wire structs; the same builders serve REST, the socket's hello and events."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from allauth.mfa.models import Authenticator
from msgspec import UNSET, UnsetType

from accounts.constants import API_KEY_MARK, PreferredStatus, SecondFactorKind, UserKind
from accounts.events import (
    ApiKeyPayload,
    BotPayload,
    CustomStatus,
    DeletionPayload,
    ListedSession,
    MePayload,
    PresencePreference,
    SecondFactorPayload,
    SessionPayload,
    TrustedDevicePayload,
    UserPayload,
)
from accounts.models import AccountDeletion, ApiKey, Session, TrustedDevice, User
from kernel.clock import now
from kernel.ids import SessionId
from kernel.user_agents import device_name


def user_payload(user: User) -> UserPayload:
    """Return what everybody may know of the user."""
    return user_payload_of(user.id, user.username, user.display_name, user.kind)


def user_payload_of(user_id: UUID, username: str, display_name: str, kind: str) -> UserPayload:
    """Return the same from the columns of a user."""
    return UserPayload(id=user_id, username=username, display_name=display_name, bot=_bot_mark(kind))


def me_payload(user: User) -> MePayload:
    """Return what the user is told about themselves."""
    return MePayload(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        bot=_bot_mark(user.kind),
        email=user.email,
        created_at=user.created_at,
        presence=presence_preference(user),
    )


def session_payload(session: Session) -> SessionPayload:
    """Return what the user is told about a device of theirs."""
    return SessionPayload(
        id=session.id,
        device=device_name(session.user_agent),
        network=session.network,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
    )


def listed_session(session: Session, *, current: SessionId | None) -> ListedSession:
    """Return a device in the list of a user who asks from the session `current`."""
    return ListedSession(**msgspec.structs.asdict(session_payload(session)), current=session.id == current)


def bot_payload(bot: User) -> BotPayload:
    """Return what the owner is told about a bot."""
    return BotPayload(
        id=bot.id,
        username=bot.username,
        display_name=bot.display_name,
        bot=_bot_mark(bot.kind),
        created_at=bot.created_at,
    )


def api_key_payload(key: ApiKey) -> ApiKeyPayload:
    """Return what may be known of a key by those who may manage it."""
    return ApiKeyPayload(
        id=key.id,
        user=key.user_id,
        name=key.name,
        prefix=f"{API_KEY_MARK}{key.prefix}",
        scopes=key.granted_scopes,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        rotated_from=key.rotated_from_id,
    )


def presence_preference(user: User) -> PresencePreference:
    """Return what the user chose to be shown as; a custom status that is over is none."""
    return PresencePreference(status=PreferredStatus(user.preferred_status), custom=_custom_status(user))


def deletion_payload(deletion: AccountDeletion) -> DeletionPayload:
    """Return what the user is told about the deletion of their account."""
    return DeletionPayload(requested_at=deletion.requested_at, due_at=deletion.due_at)


def _bot_mark(kind: str) -> Literal[True] | UnsetType:
    return True if kind == UserKind.BOT else UNSET


def _custom_status(user: User) -> CustomStatus | None:
    expires_at = user.custom_status_expires_at
    if not (user.custom_status_text or user.custom_status_emoji) or (expires_at is not None and expires_at <= now()):
        return None
    return CustomStatus(text=user.custom_status_text, emoji=user.custom_status_emoji, expires_at=expires_at)


def second_factor_payload(factor: Authenticator) -> SecondFactorPayload:
    """Return what the user is told of one of their second factors."""
    return SecondFactorPayload(
        id=factor.pk,
        kind=SecondFactorKind(factor.type),
        name=factor.data.get("name", ""),
        created_at=factor.created_at,
        last_used_at=factor.last_used_at,
    )


def trusted_device_payload(device: TrustedDevice) -> TrustedDevicePayload:
    """Return what the user is told of a device that they trust."""
    return TrustedDevicePayload(
        id=device.id,
        user_agent=device.user_agent,
        created_at=device.created_at,
        last_used_at=device.last_used_at,
        expires_at=device.expires_at,
    )
