"""Rooms, and the state that single users have in them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from chat.constants import (
    MAX_ROOM_NAME_LENGTH,
    MAX_TOPIC_LINE_LENGTH,
    RoomKind,
    RoomMemberState,
    RoomVisibility,
)
from chat.models.categories import RoomCategory
from communities.models.gates import GatedRow
from kernel.clock import now
from kernel.ids import uuid7


class Room(GatedRow):
    """A place to chat in a community. A direct room is private, has no name, and is the only one of its two people (`direct_key`).

    The community's gate holds in it as well as its own. Without `overwrites` its members may what their roles give in the community.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey("communities.Community", on_delete=models.CASCADE, related_name="rooms")
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in RoomKind])
    name = models.CharField(max_length=MAX_ROOM_NAME_LENGTH, blank=True)
    topic_line = models.CharField(max_length=MAX_TOPIC_LINE_LENGTH, blank=True, default="")
    visibility = models.CharField(max_length=10, choices=[(value.value, value.value) for value in RoomVisibility])
    direct_key = models.CharField(max_length=120, unique=True, null=True, blank=True)  # null: not direct
    category = models.ForeignKey(RoomCategory, on_delete=models.SET_NULL, null=True, blank=True, related_name="rooms")
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
    overwrites = models.ForeignKey(
        "chat.RoomOverwrites", on_delete=models.RESTRICT, null=True, editable=False, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(visibility__in=[value.value for value in RoomVisibility]),
                name="chat_room_visibility_known",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=RoomKind.TEXT.value, direct_key__isnull=True)
                | models.Q(
                    kind=RoomKind.DIRECT.value, direct_key__isnull=False, visibility=RoomVisibility.PRIVATE.value
                ),
                name="chat_room_direct_has_a_key",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.kind


class RoomMember(models.Model):
    """A user's own state in a room: a participant of a private room, or removed from a room that members may read.

    A participant from before the user's present membership of the community (`added_at` < `joined_at`) counts for nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey("communities.Community", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="room_members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="room_members")
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in RoomMemberState])
    added_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "user"], name="chat_roommember_once_per_user"),
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in RoomMemberState]),
                name="chat_roommember_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}: {self.state}"
