"""Longest forms of what accounts keep, in characters, and the values to choose from. Lifetimes and rate limits are settings."""

from __future__ import annotations

from enum import StrEnum

USERNAME_MIN_LENGTH = 3
USERNAME_MAX_LENGTH = 32
DISPLAY_NAME_MAX_LENGTH = 64
EMAIL_MAX_LENGTH = 254
PASSWORD_MAX_LENGTH = 256
USER_AGENT_MAX_LENGTH = 256
IDEMPOTENCY_KEY_MAX_LENGTH = 128
TOKEN_MAX_LENGTH = 2048
DEVICE_TOKEN_MAX_LENGTH = 1024
USERS_OF_A_DEVICE_MAX = 5
"""Who signs in as more users on one device is a stranger again to those of long ago."""
CUSTOM_STATUS_MAX_LENGTH = 128
CUSTOM_STATUS_EMOJI_MAX_LENGTH = 16
"""A family with skin tones is eleven code points."""
CUSTOM_STATUS_MAX_SECONDS = 30 * 86_400

IMPORTED_EMAIL_DOMAIN = "imported.invalid"
"""Where the addresses of imported users point: RFC 2606 keeps `.invalid` from ever existing."""


class PreferredStatus(StrEnum):
    """What a user chooses to be shown as while connected. `online` leaves it to their devices, `invisible` looks like being away."""

    ONLINE = "online"
    IDLE = "idle"
    DO_NOT_DISTURB = "dnd"
    INVISIBLE = "invisible"


class StaffRole(StrEnum):
    """What one of the operator's own staff is: a group of Django by that name, whose permissions are in `registries.staff_roles`."""

    SUPPORT = "support"
    MODERATOR = "moderator"
    TRUST_AND_SAFETY = "trust_and_safety"
    FINANCE = "finance"
    ADMINISTRATOR = "administrator"


class StaffPermission(StrEnum):
    """What staff may do with accounts, by the names of Django's permissions."""

    VIEW_USERS = "accounts.view_user"
    VIEW_SESSIONS = "accounts.view_session"
    END_SESSIONS = "accounts.end_session"
    SUSPEND_USERS = "accounts.suspend_user"
    RESTORE_USERS = "accounts.restore_user"
    DELETE_USERS = "accounts.delete_user"
    MAKE_USERS = "accounts.add_user"
    GRANT_STAFF_ROLES = "accounts.grant_staff_role"
    VIEW_STAFF_ROLE_CHANGES = "accounts.view_staffrolechange"


class StaffRoleChangeKind(StrEnum):
    """What was done with a staff role."""

    GRANTED = "granted"
    REVOKED = "revoked"


STAFF_REASON_MAX_LENGTH = 500
