"""Applications: the versions of a community's form, what people answered, and what reviewers made of it. All of it is kept."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.constants import (
    MAX_INTRODUCTION_LENGTH,
    MAX_REASON_LENGTH,
    ApplicationStatus,
    Verdict,
)
from communities.models.communities import Community
from kernel.clock import now
from kernel.ids import uuid7


class ApplicationForm(models.Model):
    """One version of the form; only `closed_at` ever changes. The one with the highest number counts, unless it is closed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="application_forms")
    number = models.PositiveIntegerField()
    introduction = models.CharField(max_length=MAX_INTRODUCTION_LENGTH, blank=True, default="")
    questions = models.JSONField()
    cool_down_days = models.PositiveSmallIntegerField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["community", "number"], name="communities_applicationform_number"),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.number}"


class Application(models.Model):
    """What one user answered to one version of a form. A user has one pending application to a community at most."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="applications")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="applications")
    form = models.ForeignKey(ApplicationForm, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(
        max_length=10,
        choices=[(status.value, status.value) for status in ApplicationStatus],
        default=ApplicationStatus.PENDING.value,
    )
    answers = models.JSONField()
    submitted_at = models.DateTimeField(default=now)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=MAX_REASON_LENGTH, blank=True, default="")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(status__in=[status.value for status in ApplicationStatus]),
                name="communities_application_status_known",
            ),
            models.UniqueConstraint(
                fields=["community", "user"],
                condition=models.Q(status=ApplicationStatus.PENDING.value),
                name="communities_application_one_pending",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "status", "submitted_at", "id"], name="communities_application_queue"),
            models.Index(fields=["user", "community", "status"], name="communities_application_mine"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} to {self.community_id}: {self.status}"


class ApplicationVote(models.Model):
    """What one reviewer thinks of an application; it decides nothing by itself."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="votes")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=10, choices=[(verdict.value, verdict.value) for verdict in Verdict])
    note = models.CharField(max_length=MAX_REASON_LENGTH, blank=True, default="")
    voted_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "reviewer"], name="communities_applicationvote_once"),
            models.CheckConstraint(
                condition=models.Q(verdict__in=[verdict.value for verdict in Verdict]),
                name="communities_applicationvote_verdict_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id}: {self.verdict}"
