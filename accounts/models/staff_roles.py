"""The log of staff roles: who gave which role to whom, or took it, when and why. What a role may do is in `registries.staff_roles`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.constants import STAFF_REASON_MAX_LENGTH, StaffRole, StaffRoleChangeKind
from kernel.clock import now
from kernel.ids import uuid7


class StaffRoleChange(models.Model):
    """A role was granted or revoked. `changed_by` is null for the command line. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff_role_changes")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in StaffRole])
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in StaffRoleChangeKind])
    reason = models.CharField(max_length=STAFF_REASON_MAX_LENGTH)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    changed_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        default_permissions = ("view",)
        permissions = (("grant_staff_role", "Can grant and revoke staff roles"),)

    def __str__(self) -> str:
        return f"{self.role} {self.kind}"
