"""Messages, natively partitioned by room (docs/adr/0003), and what they said before they were edited or deleted."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from chat.constants import MAX_NONCE_LENGTH
from chat.models.rooms import Room
from kernel.clock import now
from kernel.ids import uuid7


class Message(models.Model):
    """An entry of a room. `seq` is the seq of its `message.created` event on the room's topic; a deleted one has no body.

    Name the room in every query that knows it: the table is partitioned by it. The primary key in the
    database is (id, room). No foreign key is checked by the database: that costs a third of the insert rate,
    rooms and users are never deleted, and the one place that inserts has just read both.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="messages", db_constraint=False, db_index=False
    )
    community = models.ForeignKey(
        "communities.Community", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages", db_constraint=False, db_index=False
    )
    body = models.TextField()
    reply_to = models.UUIDField(null=True)
    seq = models.BigIntegerField()
    nonce = models.CharField(max_length=MAX_NONCE_LENGTH)
    created_at = models.DateTimeField(default=now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "seq"], name="chat_message_seq_once_per_room"),
            models.UniqueConstraint(fields=["room", "author", "nonce"], name="chat_message_nonce_once_per_author"),
            models.CheckConstraint(
                condition=models.Q(deleted_at__isnull=True) | models.Q(body=""), name="chat_message_deleted_has_no_body"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id} {self.seq}"


class MessageEdit(models.Model):
    """What a message said until `editor` edited or deleted it. Kept for moderators; never sent to clients."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey("communities.Community", on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="edits", db_constraint=False)
    body = models.TextField()
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    edited_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.message_id} until {self.edited_at:%Y-%m-%d %H:%M}"
