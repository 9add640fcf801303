"""The session: a device where a user is signed in. No token is stored, only a hash of its newest refresh token's id."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.constants import USER_AGENT_MAX_LENGTH
from kernel.clock import now
from kernel.ids import uuid7


class Session(models.Model):
    """A signed-in device. It lives until `expires_at`, which each refresh moves, or until `revoked_at` is set."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions")
    user_agent = models.CharField(max_length=USER_AGENT_MAX_LENGTH, blank=True)
    refresh_jti_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=now, editable=False)
    last_used_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = (("end_session", "Can end sessions of users"),)

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_live(self) -> bool:
        """Whether it is neither revoked nor expired; its user's state is not looked at."""
        return self.revoked_at is None and self.expires_at > now()
