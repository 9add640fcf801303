"""Whose verified number a phone number is, and the number of a user."""

from __future__ import annotations

from accounts.models import User, VerifiedPhone
from kernel.ids import UserId
from kernel.phone_numbers import parse_phone_number


def verified_number_of(user_id: UserId) -> str | None:
    """Return the number, in E.164, that the user has proved to own."""
    return VerifiedPhone.objects.filter(pk=user_id).values_list("number", flat=True).first()


def find_by_phone(text: str) -> User | None:
    """Return the user who has proved to own that number, which may be written with spaces and the like."""
    number = parse_phone_number(text)
    if number is None:
        return None
    return User.objects.filter(verified_phone__number=number.e164).first()
