"""From models to wire structs; the same builders serve REST, the socket's hello and events."""

from __future__ import annotations

from accounts.constants import PreferredStatus
from accounts.events import CustomStatus, DeletionPayload, MePayload, PresencePreference, UserPayload
from accounts.models import AccountDeletion, User
from kernel.clock import now


def user_payload(user: User) -> UserPayload:
    """Return what everybody may know of the user."""
    return UserPayload(id=user.id, username=user.username, display_name=user.display_name)


def me_payload(user: User) -> MePayload:
    """Return what the user is told about themselves."""
    return MePayload(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        email=user.email,
        created_at=user.created_at,
        presence=presence_preference(user),
    )


def presence_preference(user: User) -> PresencePreference:
    """Return what the user chose to be shown as; a custom status that is over is none."""
    return PresencePreference(status=PreferredStatus(user.preferred_status), custom=_custom_status(user))


def deletion_payload(deletion: AccountDeletion) -> DeletionPayload:
    """Return what the user is told about the deletion of their account."""
    return DeletionPayload(requested_at=deletion.requested_at, due_at=deletion.due_at)


def _custom_status(user: User) -> CustomStatus | None:
    expires_at = user.custom_status_expires_at
    if not (user.custom_status_text or user.custom_status_emoji) or (expires_at is not None and expires_at <= now()):
        return None
    return CustomStatus(text=user.custom_status_text, emoji=user.custom_status_emoji, expires_at=expires_at)
