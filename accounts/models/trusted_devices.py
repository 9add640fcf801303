"""The trusted device: where a user is not asked for a second factor for a while. No token is stored, only a hash of it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.constants import USER_AGENT_MAX_LENGTH
from kernel.clock import now
from kernel.ids import uuid7


class TrustedDevice(models.Model):
    """A device whose holder has proved a second factor on it, and asked to be spared that until `expires_at`.

    `password_digest` is of the password that was proved with it: with another password it is trusted no more, whoever changed it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="trusted_devices")
    token_hash = models.CharField(max_length=64, unique=True)
    password_digest = models.CharField(max_length=64)
    user_agent = models.CharField(max_length=USER_AGENT_MAX_LENGTH, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    last_used_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["expires_at"], name="trusted_device_expires")]

    def __str__(self) -> str:
        return str(self.id)
