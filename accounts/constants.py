"""Longest forms of what accounts keep, in characters. Lifetimes and rate limits are settings."""

from __future__ import annotations

USERNAME_MIN_LENGTH = 3
USERNAME_MAX_LENGTH = 32
DISPLAY_NAME_MAX_LENGTH = 64
EMAIL_MAX_LENGTH = 254
PASSWORD_MAX_LENGTH = 256
USER_AGENT_MAX_LENGTH = 256
IDEMPOTENCY_KEY_MAX_LENGTH = 128
TOKEN_MAX_LENGTH = 2048

IMPORTED_EMAIL_DOMAIN = "imported.invalid"
"""Where the addresses of imported users point: RFC 2606 keeps `.invalid` from ever existing."""
