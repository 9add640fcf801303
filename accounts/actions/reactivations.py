"""Coming back: who left by themselves does so by signing in. Who may bring others back is decided in `actions.users`."""

from __future__ import annotations

from accounts.actions.tokens import sign_deletion
from accounts.constants import InactiveBecause
from accounts.errors import AccountDisabled, DeletionScheduled
from accounts.events import AccountReactivated
from accounts.models import User
from accounts.queries.deletions import find_open_deletion
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.ids import UserId


def unchecked_let_back_in(user: User) -> None:
    """Reopen the account of a locked user who has just proved who they are, when they closed it themselves; an open one stays so.

    Emits `account.reactivated`. Raises `AccountDisabled`, or `DeletionScheduled` with the token that keeps the account.
    """
    if user.is_active:
        return
    if user.inactive_because == InactiveBecause.LEFT:
        unchecked_reopen(user)
        return
    deletion = find_open_deletion(UserId(user.pk))
    if deletion is None or deletion.started_at is not None:
        raise AccountDisabled
    raise DeletionScheduled(due_at=deletion.due_at, cancellation=sign_deletion(deletion.pk))


def unchecked_reopen(user: User) -> None:
    """Make a locked user active, and tell their devices."""
    user.is_active, user.inactive_because = True, ""
    user.save(update_fields=["is_active", "inactive_because"])
    append([Draft(topic_for("user", user.pk), AccountReactivated())])
