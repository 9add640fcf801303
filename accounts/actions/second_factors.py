"""What all second factors share: what goes with setting one up, and taking some away. Each kind is made in a file of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import transaction

from accounts.actions.security_notes import Note, tell_owner
from accounts.actions.trusted_devices import unchecked_trust_no_device
from accounts.events import RecoveryCodesReplaced, SecondFactorAdded, SecondFactorRemoved
from accounts.models import User
from accounts.models.locks import lock_factors, lock_user
from accounts.payloads import second_factor_payload
from accounts.queries.second_factors import PROVING
from accounts.registries.facts import changing_facts_of
from accounts.storage.factor_secrets import open_secret, seal_secret
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import Forbidden, NotFound
from kernel.ids import UserId

_SEALED: Mapping[str, str] = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
"""Under which name each kind holds its secret."""


@transaction.atomic
def remove_factors(actor: Actor, *, factor_ids: Collection[int]) -> None:
    """Take away some of the actor's own second factors; with the last one the recovery codes go, too.

    Whoever calls has seen a fresh proof. Locks the user, then the factors. No device is trusted any more. Emits
    `second_factor.removed` for each. Raises `NotFound` when one is not the actor's.
    """
    user_id = actor.require_user()
    user, factors = lock_user(user_id), lock_factors(user_id)
    proving = {factor.pk: factor for factor in factors if factor.type in PROVING}
    chosen = [proving[pk] for pk in sorted(set(factor_ids)) if pk in proving]
    if user is None or len(chosen) < len(set(factor_ids)):
        raise NotFound
    is_last = len(chosen) == len(proving)
    gone = factors if is_last else chosen
    with changing_facts_of(user_id):
        Authenticator.objects.filter(pk__in=[factor.pk for factor in gone]).delete()
    append([Draft(topic_for("user", user_id), SecondFactorRemoved(factor=factor.pk)) for factor in gone])
    unchecked_trust_no_device(user_id)
    note = Note.LAST_FACTOR_REMOVED if is_last else Note.FACTOR_REMOVED
    tell_owner(user, note, factor=", ".join(map(name_of, chosen)))


def unchecked_factor_added(user: User, factor: Authenticator) -> None:
    """Do what goes with a factor that was just inserted: the event, the mail, and with the first one recovery codes.

    In the caller's transaction, which holds the user. Devices were trusted under other factors: none is any more.
    """
    topic = topic_for("user", UserId(user.id))
    append([Draft(topic, SecondFactorAdded(factor=second_factor_payload(factor)))])
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).exists():
        left = len(RecoveryCodes.activate(user).get_unused_codes())
        append([Draft(topic, RecoveryCodesReplaced(left=left))])
    unchecked_trust_no_device(UserId(user.id))
    tell_owner(user, Note.FACTOR_ADDED, factor=name_of(factor))


@transaction.atomic
def reseal_secrets(actor: Actor) -> int:
    """Seal the secrets of all second factors with the newest key, and return how many there were. For the system, after a change of keys.

    Locks one user's factors after the other's. Raises `Forbidden`, or `CannotUnseal` when a key is missing; then nothing has changed.
    """
    if actor.kind != "system":
        raise Forbidden
    sealed = Authenticator.objects.filter(type__in=_SEALED).order_by("pk").select_for_update(of=("self",))
    count = 0
    for factor in sealed.iterator():
        name = _SEALED[factor.type]
        factor.data[name] = seal_secret(open_secret(factor.data[name]))
        factor.save(update_fields=["data"])
        count += 1
    return count


def name_of(factor: Authenticator) -> str:
    """Return what people call the factor."""
    if factor.type == Authenticator.Type.WEBAUTHN:
        return f"the passkey \u201c{factor.data['name']}\u201d"
    return "an authenticator app"
