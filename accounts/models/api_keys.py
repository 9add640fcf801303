"""The API key: what a person's script or a bot shows instead of a session. The key itself is not stored, only a hash of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.constants import API_KEY_NAME_MAX_LENGTH
from accounts.models.users import validate_printable
from kernel.clock import now
from kernel.ids import uuid7
from kernel.scopes import Scope


class ApiKey(models.Model):
    """A key of a person or a bot. It lives until `expires_at` or until `revoked_at` is set.

    A rotated key keeps living until its overlap ends: its `expires_at` is moved there. `rotated_from` of its successor names it, and is
    unique, so that a key has one successor at most. `created_by` is the person who made it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=API_KEY_NAME_MAX_LENGTH, validators=[validate_printable])
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=32))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    rotated_from = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="successor"
    )

    class Meta:
        indexes = (
            models.Index(fields=["revoked_at"], condition=models.Q(revoked_at__isnull=False), name="api_key_revoked"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @property
    def granted_scopes(self) -> list[Scope]:
        """What it was given, in the order of the list of scopes; a scope that there is no more opens nothing."""
        return [scope for scope in Scope if scope.value in self.scopes]

    @property
    def is_live(self) -> bool:
        """Whether it is neither revoked nor expired; its user's state is not looked at."""
        return self.revoked_at is None and self.expires_at > now()
