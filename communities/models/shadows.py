"""What versions in the shadow would have decided differently: noted when members are looked at, at most once a day for each."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.models.communities import Community
from communities.models.gates import GateVersion
from kernel.ids import uuid7


class ShadowDifference(models.Model):
    """That on a day a version in the shadow would have let a member in whom the live gates shut out (`would_pass`), or the other way round.

    The row says how it was when the member was last looked at that day.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(GateVersion, on_delete=models.CASCADE, related_name="differences", db_index=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    noted_at = models.DateTimeField()
    would_pass = models.BooleanField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["version", "user", "day"], name="communities_shadowdifference_once_a_day"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["version", "noted_at", "id"], name="communities_shadow_newest"),
            models.Index(fields=["noted_at"], name="communities_shadow_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} of {self.user_id}: {self.would_pass}"
