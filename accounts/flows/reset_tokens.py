"""What a link that resets a password proves: that who follows it could read the user's mail when it was asked for."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts.models import User


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Makes tokens that end with a change of any of the user's addresses, as allauth's do.

    One statement, whether the user's address has a row of its own or not: allauth's adds the row that is missing, which a stranger could
    tell by the time it takes.
    """

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        rows = EmailAddress.objects.filter(user_id=user.pk).values_list("email", flat=True)
        return super()._make_hash_value(user, timestamp) + "|".join(sorted({user.email, *rows}))
