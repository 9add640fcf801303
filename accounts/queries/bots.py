"""Finding the bots of a person."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from kernel.ids import UserId


def bots_of(owner_id: UserId) -> QuerySet[User]:
    """Return the bots that a person owns and has not deleted, newest first."""
    return User.objects.filter(owner_id=owner_id, is_active=True).order_by("-id")
