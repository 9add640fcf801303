"""The phone number that a user has proved to own. Numbers that are still being verified are in the session of whoever claims them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.constants import PHONE_NUMBER_MAX_LENGTH
from kernel.clock import now


class VerifiedPhone(models.Model):
    """A number in E.164 and its one owner. So a number that somebody merely typed keeps nobody else from it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="verified_phone"
    )
    number = models.CharField(max_length=PHONE_NUMBER_MAX_LENGTH, unique=True)
    verified_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return str(self.user_id)
