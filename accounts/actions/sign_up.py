"""Signing up: whether anybody may, and the new account. How they go on to be signed in is the flows' business."""

from __future__ import annotations

from django.conf import settings

from accounts.actions.attempts import Client
from accounts.actions.users import unchecked_create_user, unchecked_rehearse_user
from accounts.models import User
from accounts.policies import require_open_sign_up
from accounts.queries.users import find_by_login
from kernel.rate_limits import take


def make_account(*, email: str, username: str, password: str, display_name: str = "", client: Client) -> User | None:
    """Make a user for whoever signs up. Nobody acts yet, so anybody may, as often as the limit per address allows.

    Where addresses must be verified, None for one that is taken: its owner gets a mail, and who asked must not learn of it. Raises
    `InvalidInput` with `errors` by field, `AccountTaken` with the `field` that is taken, `SignUpClosed`, or `RateLimited`.
    """
    take(settings.RATE_LIMITS["sign_up.address"], client.network)
    require_open_sign_up()
    if _is_hidden(email):
        unchecked_rehearse_user(email=email, username=username, password=password, display_name=display_name)
        return None
    return unchecked_create_user(email=email, username=username, password=password, display_name=display_name)


def _is_hidden(email: str) -> bool:
    return settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory" and find_by_login(email.strip()) is not None
