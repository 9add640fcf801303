"""Passkeys: keeping a new one and naming it. Proving to have one is in `accounts.actions.proofs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actions.proofs import SIGN_COUNT
from accounts.actions.second_factors import unchecked_factor_added
from accounts.constants import PASSKEY_NAME_MAX_LENGTH, PASSKEYS_MAX
from accounts.errors import SecondFactorRefused, TooManyPasskeys
from accounts.events import SecondFactorUpdated
from accounts.models.locks import lock_factors, lock_user
from accounts.models.users import validate_printable
from accounts.payloads import second_factor_payload
from accounts.processing.passkeys import NewPasskey, PasskeyRefused, complete_registration, relying_party
from accounts.queries.second_factors import passkeys_of
from accounts.registries.facts import changing_facts_of
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import InvalidInput, NotFound


def add_passkey(
    actor: Actor, *, state: Mapping[str, Any] | None, credential: Mapping[str, Any], name: str = ""
) -> Authenticator:
    """Keep a passkey that the actor's device has just made; without a name it gets one.

    Whoever calls has seen a fresh proof. Locks the user. Emits `second_factor.added`, and `recovery_codes.replaced` with the
    first factor. Raises `SecondFactorRefused`, `TooManyPasskeys` or `InvalidInput`.
    """
    checked = _checked(name)
    try:
        made = complete_registration(relying_party(), state, credential)
    except PasskeyRefused as error:
        raise SecondFactorRefused from error
    return _insert(actor, made, checked)


@transaction.atomic
def rename_passkey(actor: Actor, *, passkey_id: int, name: str) -> Authenticator:
    """Give one of the actor's own passkeys another name.

    Locks the factors. Emits `second_factor.updated`. Raises `NotFound` or `InvalidInput`.
    """
    checked = _checked(name)
    if not checked:
        raise InvalidInput("Give the passkey a name.", field="name")
    user_id = actor.require_user()
    passkeys = {one.pk: one for one in lock_factors(user_id) if one.type == Authenticator.Type.WEBAUTHN}
    passkey = passkeys.get(passkey_id)
    if passkey is None:
        raise NotFound
    passkey.data["name"] = checked
    passkey.save(update_fields=["data"])
    append([Draft(topic_for("user", user_id), SecondFactorUpdated(factor=second_factor_payload(passkey)))])
    return passkey


@transaction.atomic
def _insert(actor: Actor, made: NewPasskey, name: str) -> Authenticator:
    user = lock_user(actor.require_user())
    if user is None:
        raise NotFound
    number = len(passkeys_of(actor.require_user())) + 1
    if number > PASSKEYS_MAX:
        raise TooManyPasskeys
    data = {"name": name or f"Passkey {number}", "credential": made.credential, SIGN_COUNT: made.sign_count}
    with changing_facts_of(actor.require_user()):
        passkey: Authenticator = Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data)
    unchecked_factor_added(user, passkey)
    return passkey


def _checked(name: str) -> str:
    """Return the name without blanks around it. Raises `InvalidInput` for one that does not show as what it is."""
    try:
        validate_printable(name)
    except ValidationError as error:
        raise InvalidInput(str(error.message), field="name") from error
    if len(name.strip()) > PASSKEY_NAME_MAX_LENGTH:
        raise InvalidInput(f"Use at most {PASSKEY_NAME_MAX_LENGTH} characters.", field="name")
    return name.strip()
