"""Limits and lifetimes of accounts, in characters and as durations, and the rate limits of signing in."""

from __future__ import annotations

from datetime import timedelta

from kernel.rate_limits import RateLimit

USERNAME_MIN_LENGTH = 3
USERNAME_MAX_LENGTH = 32
DISPLAY_NAME_MAX_LENGTH = 64
EMAIL_MAX_LENGTH = 254
PASSWORD_MAX_LENGTH = 256
USER_AGENT_MAX_LENGTH = 256

ACCESS_TOKEN_LIFETIME = timedelta(minutes=5)
REFRESH_TOKEN_LIFETIME = timedelta(days=30)
TICKET_LIFETIME = timedelta(seconds=30)
TOKEN_MAX_LENGTH = 2048

LOGINS_PER_ACCOUNT = RateLimit("login.account", quota=5, seconds=15 * 60)
LOGINS_PER_ADDRESS = RateLimit("login.address", quota=20, seconds=60 * 60)
SIGN_UPS_PER_ADDRESS = RateLimit("sign_up.address", quota=20, seconds=60 * 60)
