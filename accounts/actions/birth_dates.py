"""A user's birth date: they tell it once, and only staff can take it back, so that nobody tries ages until a gate opens."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from accounts.constants import OLDEST_BIRTH_YEAR, StaffPermission
from accounts.errors import BirthDateSet
from accounts.events import BirthDatePayload
from accounts.models import BirthDate
from accounts.models.locks import lock_user
from accounts.policies import require_person, require_power_over, require_staff_permission
from accounts.registries.facts import changing_facts_of
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound
from kernel.ids import UserId


def set_birth_date(actor: Actor, *, birth_date: date) -> BirthDatePayload:
    """Keep the actor's birth date; the same one again is no change. Locks the user.

    Raises `InvalidInput` for a day that is to come or before 1900, `BirthDateSet` when there is another one already.
    """
    user_id = require_person(actor)
    if birth_date.year < OLDEST_BIRTH_YEAR or birth_date > now().date():
        raise InvalidInput("Nobody who lives was born on that day.", field="birth_date")
    with transaction.atomic():
        lock_user(user_id)
        known = BirthDate.objects.filter(pk=user_id).values_list("day", flat=True).first()
        if known not in (None, birth_date):
            raise BirthDateSet
        if known is None:
            with changing_facts_of(user_id):
                BirthDate.objects.create(user_id=user_id, day=birth_date)
    return BirthDatePayload(birth_date=birth_date)


@transaction.atomic
def forget_birth_date(actor: Actor, *, user_id: UserId) -> None:
    """Take a wrong birth date back, so that its user can tell it anew. For staff who may suspend users, and the system. Locks the user.

    Raises `Forbidden`, or `NotFound` when there is none.
    """
    require_staff_permission(actor, StaffPermission.SUSPEND_USERS)
    user = lock_user(user_id)
    if user is None:
        raise NotFound
    require_power_over(actor, user)
    with changing_facts_of(user_id):
        if not BirthDate.objects.filter(pk=user_id).delete()[0]:
            raise NotFound
