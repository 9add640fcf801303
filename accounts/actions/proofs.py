"""Proving a second factor: with a code of an app, with a recovery code, with a passkey. Every way is used up by what it proves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction
from fido2.utils import websafe_encode

from accounts.actions.attempts import Attempt, Client, begin_code_attempt
from accounts.actions.security_notes import Note, tell_owner
from accounts.errors import SecondFactorRefused
from accounts.events import RecoveryCodeUsed
from accounts.models import User
from accounts.models.locks import lock_factors
from accounts.processing.passkeys import (
    PasskeyRefused,
    Signed,
    complete_signing,
    holder_handle_of,
    keys_of,
    relying_party,
)
from accounts.processing.totp import matching_step
from accounts.queries.second_factors import passkeys_of
from accounts.queries.users import get_users
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.ids import UserId
from kernel.rate_limits import take

LAST_STEP = "last_step"
"""Of an authenticator app: the time step of the last code that was taken."""
SIGN_COUNT = "sign_count"
"""Of a passkey: its counter at its last signature; 0 for one that does not count."""
_COPIED = "copied"
_UUID_BYTES = 16
logger = structlog.get_logger(__name__)


def prove_by_code(user: User, *, code: str, client: Client) -> Authenticator:
    """Use up a code of the user's authenticator app, or one of their recovery codes, and return which of the two it was of.

    Nobody acts yet, or the user proves once more. Every try counts. Locks the factors. Emits `recovery_code.used`.
    Raises `SecondFactorRefused`, the same for every code that is no good, or `RateLimited`.
    """
    attempt = begin_code(user, client)
    factor = _take_code(user, code)
    if factor is None:
        raise SecondFactorRefused
    attempt.succeed()
    return factor


def begin_code(user: User, client: Client) -> Attempt:
    """Count a code that is tried for this user: where it comes from, failures delay the next one, and per day there are only so many.

    Raises `RateLimited` until the limit frees by itself: nobody is shut out for good. Or `ChallengeRequired`.
    """
    attempt = begin_code_attempt(purpose="second_factor", user=user, client=client)
    take(settings.RATE_LIMITS["second_factor.day"], str(user.id))
    return attempt


def prove_by_passkey(user: User, *, state: Mapping[str, Any] | None, credential: Mapping[str, Any]) -> Authenticator:
    """Check what one of the user's passkeys has signed, and return the passkey. Nobody acts yet, or the user proves once more.

    Locks the factors. A counter that does not grow tells of a copy: that is refused, and the owner is told once.
    Raises `SecondFactorRefused`.
    """
    known = keys_of(passkey.data["credential"] for passkey in passkeys_of(UserId(user.id)))
    try:
        signed = complete_signing(relying_party(), state, credential, known=known)
    except PasskeyRefused as error:
        logger.info("passkey_refused", reason=str(error))
        raise SecondFactorRefused from error
    factor = _count_signature(user, signed)
    if factor is None:
        raise SecondFactorRefused
    return factor


def prove_by_passkey_alone(
    *, state: Mapping[str, Any] | None, credential: Mapping[str, Any]
) -> tuple[User, Authenticator]:
    """Check what a passkey has signed that names its user by itself, and return both. Raises `SecondFactorRefused`."""
    try:
        handle = holder_handle_of(credential)
    except PasskeyRefused as error:
        raise SecondFactorRefused from error
    user_id = UserId(UUID(bytes=handle)) if len(handle) == _UUID_BYTES else None
    user = get_users([user_id]).get(user_id) if user_id else None
    if user is None:
        raise SecondFactorRefused
    return user, prove_by_passkey(user, state=state, credential=credential)


@transaction.atomic
def _take_code(user: User, code: str) -> Authenticator | None:
    """Try every factor that has codes: a wrong code costs the same, whatever is wrong with it."""
    factors = {factor.type: factor for factor in lock_factors(UserId(user.id))}
    totp, codes = factors.get(Authenticator.Type.TOTP), factors.get(Authenticator.Type.RECOVERY_CODES)
    if totp is not None and _take_totp_code(totp, code):
        return totp
    if codes is not None and _take_recovery_code(user, codes, code):
        return codes
    return None


def _take_totp_code(factor: Authenticator, code: str) -> bool:
    step = matching_step(decrypt(factor.data["secret"]), code, after=factor.data.get(LAST_STEP, 0))
    if step is None:
        return False
    factor.data[LAST_STEP] = step
    factor.save(update_fields=["data"])
    factor.record_usage()
    return True


def _take_recovery_code(user: User, factor: Authenticator, code: str) -> bool:
    codes = RecoveryCodes(factor)
    if not codes.validate_code(code):
        return False
    codes.instance.record_usage()
    left = len(codes.get_unused_codes())
    append([Draft(topic_for("user", user.id), RecoveryCodeUsed(left=left))])
    tell_owner(user, Note.RECOVERY_CODE_USED, left=left)
    return True


@transaction.atomic
def _count_signature(user: User, signed: Signed) -> Authenticator | None:
    """Move the counter of the passkey; None when it is gone, or when the counter has not grown although it counts."""
    signed_by = websafe_encode(signed.credential_id)
    passkeys = [factor for factor in lock_factors(UserId(user.id)) if factor.type == Authenticator.Type.WEBAUTHN]
    factor = next((one for one in passkeys if one.data["credential"]["id"] == signed_by), None)
    if factor is None:
        return None
    before = factor.data.get(SIGN_COUNT, 0)
    if (before or signed.sign_count) and signed.sign_count <= before:
        _suspect_copy(user, factor)
        return None
    factor.data[SIGN_COUNT] = signed.sign_count
    factor.save(update_fields=["data"])
    factor.record_usage()
    return factor


def _suspect_copy(user: User, factor: Authenticator) -> None:
    logger.warning("passkey_counter_fell_back", user=str(user.id), passkey=factor.pk)
    if factor.data.get(_COPIED):
        return
    factor.data[_COPIED] = True
    factor.save(update_fields=["data"])
    tell_owner(user, Note.PASSKEY_COPIED, factor=factor.data["name"])
