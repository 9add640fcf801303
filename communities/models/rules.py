"""The rules of a community, version by version, and who accepted which. All of it is kept."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.constants import MAX_RULES_LENGTH, MAX_SUMMARY_LENGTH
from communities.models.communities import Community
from kernel.clock import now
from kernel.ids import uuid7


class RulesVersion(models.Model):
    """One version of the rules, which never changes. `must_accept`: who has accepted no later one cannot write until they accept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="rules_versions")
    number = models.PositiveIntegerField()
    text = models.CharField(max_length=MAX_RULES_LENGTH)
    summary = models.CharField(max_length=MAX_SUMMARY_LENGTH, blank=True, default="")
    must_accept = models.BooleanField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["community", "number"], name="communities_rulesversion_number"),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.number}"


class RulesAcceptance(models.Model):
    """That a user accepted a version of the rules, and when."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(RulesVersion, on_delete=models.CASCADE, related_name="acceptances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    accepted_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["version", "user"], name="communities_rulesacceptance_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["version", "accepted_at", "id"], name="communities_rulesaccept_list"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} accepted {self.version_id}"
