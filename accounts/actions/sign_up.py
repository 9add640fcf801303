"""Signing up: whether anybody may, and the new account. How they go on to be signed in is the flows' business."""

from __future__ import annotations

from django.conf import settings

from accounts.actions.attempts import Client
from accounts.actions.users import unchecked_create_user, unchecked_insert_stand_in
from accounts.constants import IMPORTED_EMAIL_DOMAIN
from accounts.models import User
from accounts.policies import require_open_sign_up
from accounts.queries.users import find_by_login
from kernel.ids import uuid7
from kernel.rate_limits import take


def make_account(*, email: str, username: str, password: str, display_name: str = "", client: Client) -> User | None:
    """Make a user for whoever signs up. Nobody acts yet, so anybody may, as often as the limit per address allows.

    Where addresses must be verified, None for one that is taken, and the rest is not looked at: whoever calls makes a stand-in and undoes
    it, since who asked must not learn of it. Raises `InvalidInput` with `errors` by field, `AccountTaken` with the `field` that is
    taken, `SignUpClosed`, or `RateLimited`.
    """
    take(settings.RATE_LIMITS["sign_up.address"], client.network)
    require_open_sign_up()
    if _is_hidden(email):
        return None
    return unchecked_create_user(email=email, username=username, password=password, display_name=display_name)


def unchecked_make_stand_in(*, email: str, username: str, password: str, display_name: str = "") -> User:
    """Make the user that a sign-up would, had nobody the address: for its cost and its refusals, in a transaction that is undone.

    Raises `InvalidInput` or `AccountTaken` as `make_account` does.
    """
    return unchecked_insert_stand_in(email=email, username=username, password=password, display_name=display_name)


def stand_in_address() -> str:
    """Return an address that nobody has and that receives nothing."""
    return f"{uuid7()}@{IMPORTED_EMAIL_DOMAIN}"


def _is_hidden(email: str) -> bool:
    return settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory" and find_by_login(email.strip()) is not None
