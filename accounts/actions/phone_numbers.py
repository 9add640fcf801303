"""A user's phone number, once they have proved that they own it."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.errors import PhoneTaken
from accounts.models import VerifiedPhone
from accounts.models.locks import lock_user
from kernel.clock import now
from kernel.ids import UserId


@transaction.atomic
def unchecked_set_phone_number(user_id: UserId, *, number: str) -> None:
    """Make `number` (E.164) the user's, in place of the one before; whoever calls has seen a code that was sent to it.

    Locks the user. Raises `PhoneTaken` when it is verified for somebody else.
    """
    lock_user(user_id)
    try:
        with transaction.atomic():
            VerifiedPhone.objects.update_or_create(user_id=user_id, defaults={"number": number, "verified_at": now()})
    except IntegrityError as error:
        raise PhoneTaken from error
