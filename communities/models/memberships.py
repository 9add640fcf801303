"""The membership: one user in one community, whatever became of it. Rows are kept after a departure, so a ban outlives it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.constants import CURRENT_STATUSES, MembershipStatus
from communities.models.communities import Community
from kernel.clock import now
from kernel.ids import uuid7


class Membership(models.Model):
    """A user in a community. `access_epoch` grows with every change of a fact that access depends on.

    At `access_changes_at` time alone may change what the member can read; null: never, as far as is known.

    The one owner may everything. A guest reaches only what they were added to. Roles are in `communities.models.roles`.
    `rules_accepted` is the highest number of a version of the rules that the user accepted; it outlives a departure.
    `timed_out_until` is kept when a timed-out member leaves, so that joining again does not end the time-out.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    is_owner = models.BooleanField(default=False, db_default=False)
    is_guest = models.BooleanField(default=False, db_default=False)
    status = models.CharField(
        max_length=10,
        choices=[(status.value, status.value) for status in MembershipStatus],
        default=MembershipStatus.ACTIVE.value,
    )
    timed_out_until = models.DateTimeField(null=True, blank=True)
    access_epoch = models.PositiveIntegerField(default=1)
    rules_accepted = models.PositiveIntegerField(default=0, db_default=0)
    access_changes_at = models.DateTimeField(null=True, blank=True, editable=False)
    joined_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["community", "user"], name="communities_membership_once_per_user"),
            models.UniqueConstraint(
                fields=["community"], condition=models.Q(is_owner=True), name="communities_membership_one_owner"
            ),
            models.CheckConstraint(
                condition=models.Q(is_owner=False)
                | models.Q(is_guest=False, status__in=[status.value for status in CURRENT_STATUSES]),
                name="communities_membership_owner_is_a_full_member",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[status.value for status in MembershipStatus]),
                name="communities_membership_status_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=MembershipStatus.TIMED_OUT.value) | models.Q(timed_out_until__isnull=False),
                name="communities_membership_time_out_has_an_end",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "status"], name="communities_membership_mine"),
            models.Index(fields=["community", "joined_at", "id"], name="communities_membership_list"),
            models.Index(
                fields=["access_changes_at"],
                condition=models.Q(access_changes_at__isnull=False),
                name="communities_membership_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.community_id}: {self.status}"

    @property
    def is_current(self) -> bool:
        """Whether the user is a member, timed out or not."""
        return self.status in CURRENT_STATUSES
