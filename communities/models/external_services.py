"""Services outside that gates ask about members, what they answered, and when each is asked again."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.constants import (
    MAX_FAILURE_LENGTH,
    MAX_SEALED_SECRET_LENGTH,
    MAX_SERVICE_NAME_LENGTH,
    MAX_SERVICE_URL_LENGTH,
)
from communities.models.communities import Community
from kernel.clock import now
from kernel.ids import uuid7


class ExternalService(models.Model):
    """A service that the gates of a community ask by its `name`. Its answers count from `min_seconds` to `max_seconds`.

    Questions are signed with the secret, and with the former one until `former_secret_until`. After `failures` in a row it is left alone
    until `paused_until`; until `busy_until` somebody is asking it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="external_services")
    name = models.CharField(max_length=MAX_SERVICE_NAME_LENGTH)
    url = models.CharField(max_length=MAX_SERVICE_URL_LENGTH)
    sealed_secret = models.CharField(max_length=MAX_SEALED_SECRET_LENGTH, editable=False)
    sealed_former_secret = models.CharField(max_length=MAX_SEALED_SECRET_LENGTH, editable=False, blank=True, default="")
    former_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    min_seconds = models.PositiveIntegerField()
    max_seconds = models.PositiveIntegerField()
    failures = models.PositiveIntegerField(default=0)
    last_failure = models.CharField(max_length=MAX_FAILURE_LENGTH, blank=True, default="")
    paused_until = models.DateTimeField(null=True, blank=True)
    busy_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["community", "name"], name="communities_externalservice_one_per_name"),
            models.CheckConstraint(
                condition=models.Q(min_seconds__gt=0, min_seconds__lte=models.F("max_seconds")),
                name="communities_externalservice_lifetimes_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExternalAnswer(models.Model):
    """What a service said of a member, which counts until `expires_at`; both null before its first answer.

    The service is asked (again) at `ask_at`; null: nobody waits for an answer. `failures` counts the tries since the last answer.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    service = models.ForeignKey(ExternalService, on_delete=models.CASCADE, related_name="answers", db_index=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    allowed = models.BooleanField(null=True)
    expires_at = models.DateTimeField(null=True)
    ask_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["service", "user"], name="communities_externalanswer_one_per_user"),
            models.CheckConstraint(
                condition=models.Q(allowed__isnull=True, expires_at__isnull=True)
                | models.Q(allowed__isnull=False, expires_at__isnull=False),
                name="communities_externalanswer_whole",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "community"], name="communities_externalanswer_own"),
            models.Index(
                fields=["service", "ask_at"],
                condition=models.Q(ask_at__isnull=False),
                name="communities_externalanswer_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} of {self.user_id}: {self.allowed}"
