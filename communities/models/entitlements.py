"""The entitlement: a right of a user in a community with a start, an end and a source. Gates read it; payments are not known here."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.constants import MAX_ENTITLEMENT_KEY_LENGTH, MAX_REASON_LENGTH, EntitlementSource
from communities.models.communities import Community
from kernel.clock import now
from kernel.ids import uuid7


class Entitlement(models.Model):
    """A span in which a user has `key`: from `starts_at` until `ends_at` (null: for good), unless it is revoked. Several may overlap.

    `end_told_at` is when its end was told, which a job does; the end itself acts on time. `reference` is of the purchase, if it is one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="entitlements")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="entitlements")
    key = models.CharField(max_length=MAX_ENTITLEMENT_KEY_LENGTH)
    source = models.CharField(max_length=10, choices=[(source.value, source.value) for source in EntitlementSource])
    reference = models.CharField(max_length=MAX_ENTITLEMENT_KEY_LENGTH, blank=True, default="")
    starts_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=MAX_REASON_LENGTH, blank=True, default="")
    created_at = models.DateTimeField(default=now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    end_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(source__in=[source.value for source in EntitlementSource]),
                name="communities_entitlement_source_known",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="communities_entitlement_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["community", "user", "key"],
                condition=models.Q(source=EntitlementSource.TRIAL.value),
                name="communities_entitlement_one_trial",
            ),
            models.UniqueConstraint(
                fields=["community", "reference"],
                condition=models.Q(source=EntitlementSource.PURCHASE.value),
                name="communities_entitlement_purchased_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "community", "key"], name="communities_entitlement_facts"),
            models.Index(fields=["community", "created_at", "id"], name="communities_entitlement_list"),
            models.Index(
                fields=["ends_at"],
                condition=models.Q(end_told_at__isnull=True, revoked_at__isnull=True),
                name="communities_entitlement_ending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.user_id}"


class TrialOffer(models.Model):
    """That anybody who sees the community may have a key for some days, once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="trial_offers")
    key = models.CharField(max_length=MAX_ENTITLEMENT_KEY_LENGTH)
    days = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["community", "key"], name="communities_trialoffer_one_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.days} days of {self.key}"
