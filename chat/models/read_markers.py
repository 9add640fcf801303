"""How far each user has read each room."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from chat.models.rooms import Room
from kernel.ids import uuid7


class ReadMarker(models.Model):
    """The seq up to which a user has read a room. It only ever grows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey("communities.Community", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="read_markers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="read_markers")
    seq = models.BigIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "room"], name="chat_readmarker_once_per_room"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} has read {self.room_id} up to {self.seq}"
