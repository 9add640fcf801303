"""Overwrites of rooms, in versions: what roles and single members may there, whatever their roles give in the community."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import models

from chat.constants import OverwriteKind
from kernel.clock import now
from kernel.ids import uuid7


class OverwriteEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An overwrite for a role or for a user, and when it was made: what it gives to a user is for the membership of then."""

    kind: OverwriteKind
    id: UUID
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    made_at: datetime


class RoomOverwrites(models.Model):
    """All overwrites that a room has at a time. A row never changes: every change is a new one, and the room names the one that counts.

    `entries` is a list of `OverwriteEntry`. What names a role or a user that is gone means nobody.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey("communities.Community", on_delete=models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey("chat.Room", on_delete=models.CASCADE, related_name="+", db_index=False)
    entries = models.JSONField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "room overwrites"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["room", "created_at"], name="chat_roomoverwrites_history"),
        ]

    def __str__(self) -> str:
        return f"overwrites of {self.room_id}"


def read_entries(version: RoomOverwrites) -> tuple[OverwriteEntry, ...]:
    """Return the overwrites of a version."""
    return msgspec.convert(version.entries, tuple[OverwriteEntry, ...])


def stored_entries(entries: Sequence[OverwriteEntry]) -> Any:
    """Return overwrites as the database keeps them."""
    return msgspec.to_builtins(entries)
