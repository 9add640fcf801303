"""What the tests of second factors share: people who have some, and the codes that their apps show."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from accounts.actions.attempts import Client
from accounts.actions.totp import add_totp
from accounts.models import User
from tests.factories import totp
from tests.factories.accounts import CLIENT, actor_for

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str = SECRET, *, steps: int = 1) -> str:
    """Return what the app of `give_totp`, or another one, shows so many steps later: the next code, since the present one is used."""
    return totp.code_of(secret, steps=steps)


def give_totp(user: User, *, client: Client = CLIENT) -> Authenticator:
    """Set up an app for the user, with the code that it shows now."""
    return add_totp(actor_for(user), secret=SECRET, code=totp.code_of(SECRET), client=client)


def recovery_codes(user: User) -> list[str]:
    """Return the user's unused recovery codes."""
    return list(RecoveryCodes(Authenticator.objects.get(user=user, type="recovery_codes")).get_unused_codes())


def factors(user: User) -> list[str]:
    """Return the kinds of the user's factors."""
    return sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def flow(answer: Any, name: str) -> dict[str, Any] | None:
    """Return what an answer says of one of its flows."""
    return next((one for one in answer.json()["data"]["flows"] if one["id"] == name), None)
