"""The session: a device where a user is signed in. No token is stored, only hashes of the ids of its last two refresh tokens."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.constants import NETWORK_MAX_LENGTH, USER_AGENT_MAX_LENGTH
from kernel.clock import now
from kernel.ids import uuid7


class Session(models.Model):
    """A signed-in device. It lives until `expires_at`, which each refresh moves, or until `revoked_at` is set.

    `network` is about where it signed in from; `surroundings_hash` tells a device that keeps no token by what it calls itself and where
    it is. `previous_jti_hash` is of the refresh token that was used at `refreshed_at`, and empty when that one must not come again;
    `refresh_retried` says that it did. The device's use is known to within minutes: nothing is written for a single request.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions")
    user_agent = models.CharField(max_length=USER_AGENT_MAX_LENGTH, blank=True)
    network = models.CharField(max_length=NETWORK_MAX_LENGTH, blank=True, default="", db_default="")
    surroundings_hash = models.CharField(max_length=64, blank=True, default="", db_default="")
    refresh_jti_hash = models.CharField(max_length=64)
    previous_jti_hash = models.CharField(max_length=64, blank=True, default="", db_default="")
    refreshed_at = models.DateTimeField(null=True, blank=True)
    refresh_retried = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=now, editable=False)
    last_used_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = (("end_session", "Can end sessions of users"),)
        indexes = (
            models.Index(fields=["revoked_at"], condition=models.Q(revoked_at__isnull=False), name="session_revoked"),
        )

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_live(self) -> bool:
        """Whether it is neither revoked nor expired; its user's state is not looked at."""
        return self.revoked_at is None and self.expires_at > now()
