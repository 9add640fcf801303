"""Roles of a community, and who has them. What a role's permissions mean is for `communities.access` to say."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from accounts.models.users import validate_printable
from communities.constants import COLOUR_PATTERN, MAX_PERMISSION_LENGTH, MAX_ROLE_NAME_LENGTH
from communities.models.communities import Community
from communities.models.memberships import Membership
from kernel.clock import now
from kernel.ids import uuid7

colour_validators = [RegexValidator(COLOUR_PATTERN, "A colour like #b08d57, or nothing.")]


class Role(models.Model):
    """A name, a colour and a set of permissions. A higher position stands above a lower one.

    The default role, at position 0, is the one that every member has without a row of its own. One that is self-assignable, members take
    by their answers to questions.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="roles", db_index=False)
    name = models.CharField(max_length=MAX_ROLE_NAME_LENGTH, validators=[validate_printable])
    position = models.PositiveSmallIntegerField()
    colour = models.CharField(max_length=7, blank=True, default="", validators=colour_validators)
    permissions = ArrayField(models.CharField(max_length=MAX_PERMISSION_LENGTH), default=list, blank=True)
    is_default = models.BooleanField(default=False)
    is_self_assignable = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["community", "position"],
                name="communities_role_one_per_position",
                deferrable=models.Deferrable.DEFERRED,  # a new order passes through positions that are taken
            ),
            models.UniqueConstraint(
                fields=["community"], condition=models.Q(is_default=True), name="communities_role_one_default"
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=True, position=0) | models.Q(is_default=False, position__gt=0),
                name="communities_role_default_is_lowest",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MembershipRole(models.Model):
    """A member has a role. Gone with the role, and with the end of the membership; `granted_by` is None when the system gave it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="held", db_index=False)
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="holders")
    granted_at = models.DateTimeField(default=now)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["membership", "role"], name="communities_membershiprole_once"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} has {self.role_id}"
