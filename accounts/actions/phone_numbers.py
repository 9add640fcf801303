"""A user's phone number, once they have proved that they own it: it becomes theirs, and they give it up."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.actions.security_notes import Note, tell_owner
from accounts.errors import PhoneTaken
from accounts.events import PhoneNumberRemoved, PhoneNumberVerified
from accounts.models import VerifiedPhone
from accounts.models.locks import lock_user
from accounts.policies import require_recent_authentication
from accounts.registries.facts import changing_facts_of
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import UserId


@transaction.atomic
def unchecked_set_phone_number(user_id: UserId, *, number: str) -> None:
    """Make `number` (E.164) the user's, in place of the one before; whoever calls has seen a code that was sent to it.

    Locks the user. Emits `phone_number.verified`. Raises `PhoneTaken` when it is verified for somebody else.
    """
    lock_user(user_id)
    try:
        with transaction.atomic(), changing_facts_of(user_id):
            VerifiedPhone.objects.update_or_create(user_id=user_id, defaults={"number": number, "verified_at": now()})
    except IntegrityError as error:
        raise PhoneTaken from error
    append([Draft(topic_for("user", user_id), PhoneNumberVerified(number=number))])


@transaction.atomic
def remove_phone_number(actor: Actor) -> None:
    """Take the actor's verified number from their account: it signs nobody in any more, and is free for whoever owns it next.

    Locks the user. Emits `phone_number.removed` and tells the user by mail. Raises `NotFound` when there is none, or as
    `require_recent_authentication`.
    """
    user_id = require_recent_authentication(actor)
    user = lock_user(user_id)
    phone = VerifiedPhone.objects.filter(pk=user_id).first()
    if user is None or phone is None:
        raise NotFound
    with changing_facts_of(user_id):
        phone.delete()
    append([Draft(topic_for("user", user_id), PhoneNumberRemoved())])
    tell_owner(user, Note.PHONE_REMOVED, number=phone.number)
