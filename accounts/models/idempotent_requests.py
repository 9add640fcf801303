"""The answer that was given to an `Idempotency-Key`, so that a retried request is carried out once. Written by its action alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.constants import IDEMPOTENCY_KEY_MAX_LENGTH
from kernel.clock import now
from kernel.ids import uuid7


class IdempotentRequest(models.Model):
    """A request of a user under a key of theirs. The row is inserted before the request is carried out, in the same transaction.

    `fingerprint` tells a retry from another request under the same key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=IDEMPOTENCY_KEY_MAX_LENGTH)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(default=now, editable=False, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="idempotent_request_once"),)

    def __str__(self) -> str:
        return self.key
