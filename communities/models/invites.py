"""The invite and its uses. A code is stored as a hash, to be found by, and sealed, to be shown again; never in clear."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.constants import MAX_PLACE_KIND_LENGTH
from communities.models.communities import Community
from communities.models.roles import Role
from kernel.clock import now
from kernel.ids import uuid7


class Invite(models.Model):
    """A way into a community for whoever has the code, until `expires_at` and `max_uses` times. Without `created_by` the system made it.

    It may give a role, without which it is not valid: so the row keeps the id of one that is gone. With a place, a kind and an id, it
    makes guests, who reach that alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="invites")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    code_hash = models.CharField(max_length=64, unique=True)
    sealed_code = models.CharField(max_length=200)
    max_uses = models.PositiveIntegerField()
    uses = models.PositiveIntegerField(default=0)
    role = models.ForeignKey(
        Role, on_delete=models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    place_kind = models.CharField(max_length=MAX_PLACE_KIND_LENGTH, blank=True, default="", db_default="")
    place_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(uses__lte=models.F("max_uses")), name="communities_invite_not_overused"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "created_at", "id"], name="communities_invite_list"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_for_guests(self) -> bool:
        """Whether who comes by it reaches one place alone."""
        return self.place_id is not None


class InviteUse(models.Model):
    """That somebody became a member by an invite; who comes again by the same one has one row, with the last time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+")
    invite = models.ForeignKey(Invite, on_delete=models.CASCADE, related_name="invite_uses")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    used_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["invite", "user"], name="communities_inviteuse_once_per_user"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "user"], name="communities_inviteuse_of_user"),
            models.Index(fields=["invite", "used_at", "id"], name="communities_inviteuse_list"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} by {self.invite_id}"
