"""The category: a heading under which a community's rooms are listed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from chat.constants import MAX_ROOM_NAME_LENGTH
from kernel.clock import now
from kernel.ids import uuid7


class RoomCategory(models.Model):
    """A heading for rooms; lower positions come first, and equals in the order in which they were made. It gives and takes no access."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey("communities.Community", on_delete=models.CASCADE, related_name="room_categories")
    name = models.CharField(max_length=MAX_ROOM_NAME_LENGTH)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "room categories"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "position", "id"], name="chat_roomcategory_list"),
        ]

    def __str__(self) -> str:
        return self.name
