"""Signing up: a new user and their first session in one step."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from accounts.actions.attempts import Client
from accounts.actions.sessions import unchecked_start_session
from accounts.actions.users import unchecked_create_user
from accounts.events import SignedIn
from kernel.rate_limits import take


def sign_up(*, email: str, username: str, password: str, display_name: str = "", client: Client) -> SignedIn:
    """Make a user and sign them in. Nobody acts yet, so anybody may, as often as the limit per address allows.

    Raises `InvalidInput` with `errors` by field, `AccountTaken` with the `field` that is taken, or `RateLimited`.
    """
    take(settings.RATE_LIMITS["sign_up.address"], client.network)
    with transaction.atomic():
        user = unchecked_create_user(email=email, username=username, password=password, display_name=display_name)
        return unchecked_start_session(user, client)
