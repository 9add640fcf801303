"""The community: the tenant to which members, rooms and everything else belong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models

from accounts.models.users import validate_printable
from communities.constants import (
    MAX_DESCRIPTION_LENGTH,
    MAX_NAME_LENGTH,
    MAX_SLUG_LENGTH,
    MIN_SLUG_LENGTH,
    SLUG_PATTERN,
    CommunityVisibility,
    JoinPolicy,
)
from communities.models.gates import GatedRow
from kernel.clock import now
from kernel.ids import uuid7

slug_validators: list[Callable[[Any], None]] = [
    MinLengthValidator(MIN_SLUG_LENGTH),
    RegexValidator(SLUG_PATTERN, "Lower-case letters a-z and digits, with single hyphens between them."),
]


class Community(GatedRow):
    """A tenant. Whoever may join does so by its `join_policy`, who finds it at all is its `visibility`; `slug` is its unique name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(max_length=MAX_SLUG_LENGTH, unique=True, validators=slug_validators)
    name = models.CharField(max_length=MAX_NAME_LENGTH, validators=[validate_printable])
    description = models.CharField(max_length=MAX_DESCRIPTION_LENGTH, blank=True, default="")
    join_policy = models.CharField(
        max_length=10, choices=[(policy.value, policy.value) for policy in JoinPolicy], default=JoinPolicy.CLOSED.value
    )
    visibility = models.CharField(
        max_length=10,
        choices=[(visibility.value, visibility.value) for visibility in CommunityVisibility],
        default=CommunityVisibility.SECRET.value,
        db_default=CommunityVisibility.SECRET.value,
    )
    rules_required = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    """The number of the newest version of the rules that members must have accepted, or a later one, to write; 0 where there is none."""
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "communities"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(join_policy__in=[policy.value for policy in JoinPolicy]),
                name="communities_community_join_policy_known",
            ),
            models.CheckConstraint(
                condition=models.Q(visibility__in=[visibility.value for visibility in CommunityVisibility]),
                name="communities_community_visibility_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
