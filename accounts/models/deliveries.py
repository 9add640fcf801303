"""What waits to be handed to a mail or SMS provider: sealed, because it holds codes, and deleted when it has reached its end."""

from __future__ import annotations

from django.db import models

from kernel.clock import now
from kernel.ids import uuid7


class Delivery(models.Model):
    """One mail or SMS. Nobody tries it before `due_at`; who tries it moves that ahead first, so that nobody else does.

    `maybe_sent_since` is set while the provider may have taken it without our knowing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.CharField(max_length=8)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(default=now, editable=False)
    due_at = models.DateTimeField(default=now, db_index=True)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    maybe_sent_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.channel} {self.id}"
