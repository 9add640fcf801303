"""Deletions of accounts: asked for, waiting, under way, done or cancelled; and usernames that nobody may take yet."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.constants import InactiveBecause
from kernel.clock import now
from kernel.ids import uuid7


class AccountDeletion(models.Model):
    """The deletion of one account. It can be cancelled until `started_at` is set, which is not before `due_at`.

    `inactive_before` is what a cancellation brings back; `requested_by` is null when the system asked. `last_error` is the kind of
    the newest failure, never its text, which may tell of the user.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deletions")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    requested_at = models.DateTimeField(default=now, editable=False)
    due_at = models.DateTimeField()
    inactive_before = models.CharField(
        max_length=10, blank=True, choices=[(reason.value, reason.value) for reason in InactiveBecause]
    )
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(completed_at=None, cancelled_at=None),
                name="accounts_deletion_one_open_per_user",
            ),
            models.CheckConstraint(
                condition=models.Q(cancelled_at=None) | models.Q(started_at=None, completed_at=None),
                name="accounts_deletion_not_cancelled_once_begun",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(completed_at=None, cancelled_at=None),
                name="accounts_deletion_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} due {self.due_at:%Y-%m-%d}"


class AccountDeletionStep(models.Model):
    """A step of a deletion that is done, so that a deletion that was interrupted goes on where it stopped."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    deletion = models.ForeignKey(AccountDeletion, on_delete=models.CASCADE, related_name="steps_done")
    name = models.CharField(max_length=100)
    done_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["deletion", "name"], name="accounts_deletion_step_done_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ReservedUsername(models.Model):
    """The username of a deleted user, under a keyed hash of its lower case; nobody may take it before `until`."""

    name_hash = models.CharField(primary_key=True, max_length=64)
    until = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name_hash
