"""Longest forms of what accounts keep, in characters, and the statuses to choose from. Lifetimes and rate limits are settings."""

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
