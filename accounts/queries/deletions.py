"""Which deletions are open or due, and which usernames are kept back."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from accounts.models import AccountDeletion, ReservedUsername
from kernel.clock import now
from kernel.ids import UserId


def find_open_deletion(user_id: UserId) -> AccountDeletion | None:
    """Return the user's deletion that is neither done nor cancelled."""
    return AccountDeletion.objects.filter(user_id=user_id, completed_at=None, cancelled_at=None).first()


def find_cancellable_deletion(deletion_id: UUID) -> AccountDeletion | None:
    """Return a deletion that can still be cancelled."""
    return AccountDeletion.objects.filter(pk=deletion_id, completed_at=None, cancelled_at=None, started_at=None).first()


def due_deletions(*, limit: int) -> list[UUID]:
    """Return the ids of deletions to run now, those first that have waited longest; one that failed waits for its next try."""
    at = now()
    rows = AccountDeletion.objects.filter(due_at__lte=at, completed_at=None, cancelled_at=None)
    ready = rows.filter(Q(retry_at=None) | Q(retry_at__lte=at))
    return list(ready.order_by(F("retry_at").asc(nulls_first=True), "due_at").values_list("pk", flat=True)[:limit])


def hash_of_username(username: str) -> str:
    """Return what is kept of a deleted user's name: it can be compared with a name, and tells none without our secret."""
    return salted_hmac("accounts.reserved_usernames", username.lower(), algorithm="sha256").hexdigest()


def is_reserved(username: str) -> bool:
    """Tell whether the name was that of a user who was deleted not long ago."""
    return ReservedUsername.objects.filter(name_hash=hash_of_username(username), until__gt=now()).exists()
