"""From models to wire structs; the same builders serve REST, the socket's hello and events."""

from __future__ import annotations

from accounts.events import MePayload, UserPayload
from accounts.models import User


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
    )
