"""Who has which second factors. They are rows of allauth's `Authenticator`; what is secret in them stays sealed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.mfa.models import Authenticator

from accounts.queries.users import get_user
from kernel.ids import UserId

PROVING = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as a second factor; recovery codes only stand in for one that is lost."""


def has_second_factor(user_ids: Iterable[UserId]) -> frozenset[UserId]:
    """Return those of the users who have a second factor: one statement for all."""
    having = Authenticator.objects.filter(user_id__in=set(user_ids), type__in=PROVING)
    return frozenset(UserId(user_id) for user_id in having.values_list("user_id", flat=True))


def factors_of(user_id: UserId) -> list[Authenticator]:
    """Return a user's second factors and recovery codes, oldest first."""
    return list(Authenticator.objects.filter(user_id=user_id).order_by("pk"))


def passkeys_of(user_id: UserId) -> list[Authenticator]:
    """Return a user's passkeys, oldest first."""
    return list(Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.WEBAUTHN).order_by("pk"))


def find_totp(user_id: UserId) -> Authenticator | None:
    """Return the user's authenticator app, if any."""
    return Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.TOTP).first()


def ways_to_prove(user_id: UserId) -> list[dict[str, Any]]:
    """Return how the user can prove once more who they are, by allauth's names of flows: with a second factor where there is one.

    Empty for who has neither that nor a password: they come from elsewhere, and can sign in again.
    """
    types = [factor.type for factor in factors_of(user_id)]
    if types:
        return [{"id": "mfa_reauthenticate", "types": types}]
    return [{"id": "reauthenticate"}] if get_user(user_id).has_usable_password() else []
