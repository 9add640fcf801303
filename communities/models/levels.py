"""How far members have come: a level per user and community, as whoever may has set it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.constants import MAX_LEVEL
from communities.models.communities import Community
from kernel.clock import now
from kernel.ids import uuid7


class MemberLevel(models.Model):
    """The level of a user in a community, which outlives a departure: who comes back has not to begin anew. No row is level 0."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    level = models.PositiveIntegerField()
    set_at = models.DateTimeField(default=now)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "community"], name="communities_memberlevel_one"),
            models.CheckConstraint(condition=models.Q(level__lte=MAX_LEVEL), name="communities_memberlevel_bounded"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.community_id}: {self.level}"
