"""The questions that a community asks of its members, version by version, and what each member chose. Answers give roles and rooms."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.models.communities import Community
from kernel.clock import now
from kernel.ids import uuid7


class OnboardingVersion(models.Model):
    """One version of the questions, which never changes; without questions nothing is asked. The one with the highest number counts.

    `questions` is a list of `communities.events.OnboardingQuestion`. `permissions` holds by role what it gave when the version was made:
    a role that gives more by now is not for everybody to take any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    questions = models.JSONField()
    permissions = models.JSONField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["community", "number"], name="communities_onboardingversion_number"),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.number}"


class OnboardingAnswer(models.Model):
    """What a member chose last, of which version. One from before the present membership counts for nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(OnboardingVersion, on_delete=models.CASCADE, related_name="+", db_index=False)
    chosen = models.JSONField()
    answered_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["community", "user"], name="communities_onboardinganswer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} answered {self.version_id}"
