"""Gates and their versions. A version never changes; which one counts is said by the gate, and by the row that it hangs on."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from communities.constants import MAX_GATE_REASON_LENGTH, GateMode
from kernel.clock import now
from kernel.ids import uuid7


class GatedRow(models.Model):
    """A row that a gate can hang on. `gate_version` is the live version, if any: `Gate` says the same, and both are written together."""

    gate_version = models.ForeignKey(
        "communities.GateVersion",
        on_delete=models.RESTRICT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )

    class Meta:
        abstract = True


class Gate(models.Model):
    """The gate of one thing: a community, or something in it, told by `kind` and `resource_id`.

    Without a `live` version the thing has no gate. The `shadow` version shuts nobody out: it is there to be compared.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    community = models.ForeignKey("communities.Community", on_delete=models.CASCADE, related_name="gates")
    kind = models.CharField(max_length=20)
    resource_id = models.UUIDField()
    live = models.ForeignKey(
        "communities.GateVersion", on_delete=models.RESTRICT, null=True, related_name="+", db_index=False
    )
    shadow = models.ForeignKey(
        "communities.GateVersion", on_delete=models.RESTRICT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "resource_id"], name="communities_gate_one_per_resource"),
        ]

    def __str__(self) -> str:
        return f"gate of {self.kind} {self.resource_id}"


class GateVersion(models.Model):
    """A tree, who put it there, why, and whom it lets off for how long. A null tree lets everybody in.

    `grace` holds seconds by requirement type, for who was a member before `created_at`. Until `grandfathered_until`, when there is one,
    they are held to `previous` (null: to nothing) as an alternative to this version.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    mode = models.CharField(max_length=6, choices=[(mode.value, mode.value) for mode in GateMode])
    tree = models.JSONField(null=True)
    reason = models.CharField(max_length=MAX_GATE_REASON_LENGTH, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=now, editable=False)
    grace = models.JSONField(default=dict)
    grandfathered_until = models.DateTimeField(null=True)
    previous = models.ForeignKey("self", on_delete=models.RESTRICT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gate", "number"], name="communities_gateversion_numbered"),
            models.CheckConstraint(
                condition=models.Q(mode__in=[mode.value for mode in GateMode]),
                name="communities_gateversion_mode_known",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} ({self.mode})"
