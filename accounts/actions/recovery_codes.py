"""Recovery codes: showing them once, and replacing them. They are made with the first factor; `proofs` takes them."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import transaction

from accounts.actions.security_notes import Note, tell_owner
from accounts.errors import SecondFactorAbsent
from accounts.events import RecoveryCodesReplaced
from accounts.models.locks import lock_factors, lock_user
from accounts.queries.second_factors import PROVING
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor


@transaction.atomic
def view_recovery_codes(actor: Actor) -> tuple[Authenticator, bool] | None:
    """Return the actor's recovery codes, and whether they may be shown: the first time only. None when there are none.

    Whoever calls has seen a fresh proof. Locks the factors, so that of two who look at once, one sees.
    """
    kept = [factor for factor in lock_factors(actor.require_user()) if factor.type == Authenticator.Type.RECOVERY_CODES]
    if not kept:
        return None
    codes = RecoveryCodes(kept[0])
    is_new = not codes.did_view
    codes.mark_as_viewed()
    return codes.instance, is_new


@transaction.atomic
def replace_recovery_codes(actor: Actor) -> Authenticator:
    """Give the actor new recovery codes, to be shown now; the old ones are worth nothing.

    Whoever calls has seen a fresh proof. Locks the user, then the factors. Emits `recovery_codes.replaced`. Raises `SecondFactorAbsent`.
    """
    user_id = actor.require_user()
    user, factors = lock_user(user_id), lock_factors(user_id)
    if user is None or not any(factor.type in PROVING for factor in factors):
        raise SecondFactorAbsent
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes = RecoveryCodes.activate(user)
    codes.mark_as_viewed()
    append([Draft(topic_for("user", user_id), RecoveryCodesReplaced(left=len(codes.get_unused_codes())))])
    tell_owner(user, Note.RECOVERY_CODES_REPLACED)
    return codes.instance
