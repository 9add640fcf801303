"""The birth date that a user has told."""

from __future__ import annotations

from accounts.events import BirthDatePayload
from accounts.models import BirthDate
from kernel.ids import UserId


def get_birth_date(user_id: UserId) -> BirthDatePayload:
    """Return the user's birth date, for themselves alone; null when they have told none."""
    return BirthDatePayload(birth_date=BirthDate.objects.filter(pk=user_id).values_list("day", flat=True).first())
