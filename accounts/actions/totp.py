"""Authenticator apps: setting one up. Its codes are taken by `proofs`, and `second_factors` removes it."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from accounts.actions.attempts import Client
from accounts.actions.proofs import LAST_STEP, begin_code
from accounts.actions.second_factors import unchecked_factor_added
from accounts.errors import SecondFactorPresent, SecondFactorRefused
from accounts.models.locks import lock_user
from accounts.processing.totp import matching_step
from accounts.queries.second_factors import find_totp
from accounts.queries.users import get_user
from accounts.registries.facts import changing_facts_of
from kernel.actor import Actor
from kernel.errors import NotFound


def add_totp(actor: Actor, *, secret: str, code: str, client: Client) -> Authenticator:
    """Set up the actor's authenticator app, which shows by its code that it has the secret (base32).

    Whoever calls has made the secret, kept it from everybody else, and seen a fresh proof. Every try counts. Locks the user.
    Emits `second_factor.added`, and `recovery_codes.replaced` with the first factor. Raises `SecondFactorPresent`,
    `SecondFactorRefused` or `RateLimited`.
    """
    attempt = begin_code(get_user(actor.require_user()), client)
    step = matching_step(secret, code)
    if step is None:
        raise SecondFactorRefused
    attempt.succeed()
    return _insert(actor, secret, step)


@transaction.atomic
def _insert(actor: Actor, secret: str, step: int) -> Authenticator:
    user = lock_user(actor.require_user())
    if user is None:
        raise NotFound
    if find_totp(actor.require_user()) is not None:
        raise SecondFactorPresent
    with changing_facts_of(actor.require_user()):
        factor: Authenticator = TOTP.activate(user, secret).instance
        factor.data[LAST_STEP] = step
        factor.save(update_fields=["data"])
    unchecked_factor_added(user, factor)
    return factor
