"""Which devices a user trusts. Those that have expired, or were trusted with another password, are as good as gone."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import TrustedDevice, User
from kernel.clock import now


def trusted_devices(user: User) -> QuerySet[TrustedDevice]:
    """Return the devices that the user trusts now."""
    return TrustedDevice.objects.filter(user=user, password_digest=user.get_session_auth_hash(), expires_at__gt=now())


def list_trusted_devices(user: User) -> list[TrustedDevice]:
    """Return the user's trusted devices, newest first."""
    return list(trusted_devices(user).order_by("-pk"))
