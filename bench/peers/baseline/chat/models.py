"""What was said."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Message(models.Model):
    """One message in a room."""

    room = models.CharField(max_length=64, db_index=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Message]] = models.Manager()

    def __str__(self) -> str:
        return self.body
