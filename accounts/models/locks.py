"""Row locks, in the order deletion, user, administrators, sessions, keys, second factors, so that no two actions wait for each other."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db.models import Q

from accounts.constants import StaffRole
from accounts.models.api_keys import ApiKey
from accounts.models.deletions import AccountDeletion
from accounts.models.deliveries import Delivery
from accounts.models.sessions import Session
from accounts.models.users import User
from kernel.clock import now
from kernel.ids import ApiKeyId, DeliveryId, SessionId, UserId

_OPEN: dict[str, Any] = {"completed_at": None, "cancelled_at": None}


def lock_administrators() -> None:
    """Keep who is administrator from changing until commit, so that the last one can be told. Whoever takes it away from one locks it."""
    list(Group.objects.select_for_update(no_key=True).filter(name=StaffRole.ADMINISTRATOR))


def lock_user(user_id: UserId) -> User | None:
    """Lock a user against changes until commit; rows that point at the user can still be inserted."""
    return User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def lock_session(session_id: SessionId) -> Session | None:
    """Lock a session until commit and return it with its user, who is not locked."""
    return Session.objects.select_for_update(of=("self",)).select_related("user").filter(pk=session_id).first()


def lock_open_sessions(user_id: UserId) -> list[Session]:
    """Lock every session of the user that was not revoked, until commit."""
    sessions = Session.objects.select_for_update().filter(user_id=user_id, revoked_at=None)
    return list(sessions.order_by("pk"))


def lock_due_delivery(delivery_id: DeliveryId) -> Delivery | None:
    """Lock a delivery until commit; None when it has ended, is not due, or is locked by another try. Taken alone."""
    due = Delivery.objects.filter(pk=delivery_id, due_at__lte=now())
    return due.select_for_update(skip_locked=True).first()


def lock_open_deletion(user_id: UserId) -> AccountDeletion | None:
    """Lock the deletion of a user that is neither done nor cancelled, until commit."""
    return AccountDeletion.objects.select_for_update().filter(user_id=user_id, **_OPEN).first()


def lock_due_deletion(deletion_id: UUID) -> AccountDeletion | None:
    """Lock a deletion whose time has come, until commit; None when it has ended or is not due, and when another worker is at it."""
    rows = AccountDeletion.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=deletion_id, **_OPEN)
    return rows.filter(due_at__lte=now()).first()


def lock_factors(user_id: UserId) -> list[Authenticator]:
    """Lock the user's second factors and recovery codes until commit: a code is taken by one of two who send it at once."""
    return list(Authenticator.objects.select_for_update(of=("self",)).filter(user_id=user_id).order_by("pk"))


def lock_key(key_id: ApiKeyId) -> ApiKey | None:
    """Lock an API key until commit and return it with its user, who is not locked."""
    return ApiKey.objects.select_for_update(of=("self",)).select_related("user").filter(pk=key_id).first()


def lock_key_and_replaced(key_id: ApiKeyId) -> tuple[ApiKey | None, ApiKey | None]:
    """Lock an API key, and the one that it replaced unless that was revoked, until commit; each comes with its user."""
    keys = ApiKey.objects.select_for_update(of=("self",)).select_related("user").order_by("pk")
    found = {key.id: key for key in keys.filter(Q(pk=key_id) | Q(successor=key_id, revoked_at=None))}
    own = found.pop(key_id, None)
    return own, next(iter(found.values()), None)


def lock_open_keys(owner_ids: Collection[UserId]) -> list[ApiKey]:
    """Lock every key that was not revoked of these users and of the bots that they own, until commit; each comes with its user."""
    keys = ApiKey.objects.select_for_update(of=("self",)).select_related("user").filter(revoked_at=None)
    return list(keys.filter(Q(user__in=owner_ids) | Q(user__owner__in=owner_ids)).order_by("pk"))
