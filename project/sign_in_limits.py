"""Which limits of the one table apply to which step of signing in below `/_allauth/`. Plain data: settings import it.

Limits by address are taken by `project.rest.sign_in_limits`. Those by user, and by what a request names (an e-mail address, a
phone number), only allauth can take, once it has read the request, so it is given their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from kernel.rate_limits import RateLimit

LIMITS_OF_ROUTES = {
    "account:signup": "sign_up.address",
    "account:request_password_reset": "password_reset.address",
    "account:request_login_code": "password_reset.address",
    "account:reset_password": "password_reset.address",
    "login_webauthn": "login.address",
    "socialaccount:provider_signup": "sign_up.address",
    "socialaccount:provider_token": "login.address",
    "socialaccount:redirect_to_provider": "login.address",
}
"""Of requests that write, by the route's name. Passwords are counted where they are checked."""

_COUNTED_BY_ALLAUTH = {
    "change_password": ("password_change.user", "user"),
    "manage_email": ("email_change.user", "user"),
    "change_phone": ("phone_change.user", "user"),
    "reset_password": ("password_reset.account", "key"),
    "request_login_code": ("password_reset.account", "key"),
    "confirm_email": ("email_verification.account", "key"),
    "verify_phone": ("phone_verification.number", "key"),
}
_COUNTED_BY_US = ("login", "login_failed", "signup", "reset_password_from_key", "reauthenticate")


def allauth_rates(limits: Mapping[str, RateLimit]) -> dict[str, str | None]:
    """Return `ACCOUNT_RATE_LIMITS`: numbers for what allauth counts, nothing for what we count."""
    counted: dict[str, str | None] = {
        action: f"{limits[name].quota}/{limits[name].seconds}s/{per}"
        for action, (name, per) in _COUNTED_BY_ALLAUTH.items()
    }
    return counted | dict.fromkeys(_COUNTED_BY_US)
