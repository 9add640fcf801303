"""Deleting an account: asked for, cancelled, and carried out when its time has come, by the steps that the apps have registered."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from accounts.actions.deactivations import tell_by_mail, unchecked_shut_out
from accounts.constants import (
    DELETION_TRANSACTIONS_AT_ONCE,
    DELETIONS_AT_ONCE,
    InactiveBecause,
    StaffPermission,
)
from accounts.errors import AccountGone, HoldsStaffRole
from accounts.events import AccountDeletionCancelled, AccountDeletionScheduled, DeletionPayload
from accounts.models import AccountDeletion, AccountDeletionStep, User
from accounts.models.locks import lock_due_deletion, lock_open_deletion, lock_user
from accounts.payloads import deletion_payload
from accounts.policies import require_power_over, require_recent_authentication, require_staff_permission
from accounts.queries.deletions import due_deletions, find_open_deletion
from accounts.registries.deletions import DeletionStep, check_deletion, deletion_steps
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import UserId

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(days=1)
logger = structlog.get_logger(__name__)


@transaction.atomic
def schedule_deletion(actor: Actor, *, user_id: UserId) -> DeletionPayload:
    """Close an account now and delete it in `DELETION_GRACE_DAYS`: one's own, after a recent proof; anyone's for staff who may delete.

    Locks the user, what the checks lock, then the sessions. Emits `account.deletion_scheduled`, and `session.revoked` for
    each session, and sends a mail; once more changes nothing. Raises `ReauthenticationRequired`, `Forbidden`, `NotFound`, `HoldsStaffRole`,
    `AccountGone`, or what a registered check raises.
    """
    if actor.user_id == user_id:
        require_recent_authentication(actor)
    else:
        require_staff_permission(actor, StaffPermission.DELETE_USERS)
    user = _locked(user_id)
    check_deletion(user_id)
    _check_deletable(user)
    found = find_open_deletion(user_id)
    return deletion_payload(found or _schedule(actor, user))


@transaction.atomic
def cancel_deletion(actor: Actor, *, user_id: UserId) -> None:
    """Keep an account whose deletion has not begun: one's own, or anyone's for staff who may restore. It is as it was before.

    Locks the deletion, then the user. Emits `account.deletion_cancelled`, and sends a mail. Raises `Forbidden`, or `NotFound` when
    nothing is scheduled.
    """
    if actor.user_id != user_id:
        require_staff_permission(actor, StaffPermission.RESTORE_USERS)
    deletion = lock_open_deletion(user_id)
    if deletion is None or deletion.started_at is not None:
        raise NotFound
    user = _locked(user_id)
    require_power_over(actor, user)
    deletion.cancelled_at = now()
    deletion.save(update_fields=["cancelled_at"])
    user.inactive_because = deletion.inactive_before
    user.is_active = not deletion.inactive_before
    user.save(update_fields=["is_active", "inactive_because"])
    append([Draft(topic_for("user", user_id), AccountDeletionCancelled())])
    tell_by_mail(user, "deletion_cancelled")


def run_due_deletions() -> int:
    """Carry out what is due, for the job; return how many deletions were looked at, `DELETIONS_AT_ONCE` at most."""
    due = due_deletions(limit=DELETIONS_AT_ONCE)
    for deletion_id in due:
        run_deletion(deletion_id)
    return len(due)


def run_deletion(deletion_id: UUID) -> None:
    """Carry out a deletion that is due, as far as it goes in `DELETION_TRANSACTIONS_AT_ONCE`; begin where the last run stopped.

    A step that fails is logged, recorded, and tried again after a pause that grows from a minute to a day; other deletions go on.
    """
    try:
        for _ in range(DELETION_TRANSACTIONS_AT_ONCE):
            if not _advance(deletion_id):
                return
    except Exception as error:
        logger.exception("deletion.failed", deletion=str(deletion_id))
        _postpone(deletion_id, type(error).__name__)


def _check_deletable(user: User) -> None:
    if user.inactive_because == InactiveBecause.DELETED:
        raise AccountGone
    if user.is_staff:
        raise HoldsStaffRole


def _schedule(actor: Actor, user: User) -> AccountDeletion:
    before = "" if user.is_active else user.inactive_because or InactiveBecause.SUSPENDED
    due_at = now() + timedelta(days=settings.DELETION_GRACE_DAYS)
    deletion = AccountDeletion.objects.create(
        user=user, requested_by_id=actor.user_id, due_at=due_at, inactive_before=before
    )
    unchecked_shut_out(user, InactiveBecause.DELETION, AccountDeletionScheduled(due_at=due_at))
    tell_by_mail(user, "deletion_scheduled", due_at=due_at)
    return deletion


@transaction.atomic
def _advance(deletion_id: UUID) -> bool:
    """Do the next piece of a deletion; return whether there may be more. What is done is recorded in the transaction that does it."""
    deletion = lock_due_deletion(deletion_id)
    if deletion is None:
        return False
    if deletion.started_at is None:
        deletion.started_at = now()
        deletion.save(update_fields=["started_at"])
    step = _next_step(deletion)
    if step is None:
        deletion.completed_at, deletion.retry_at, deletion.last_error = now(), None, ""
        deletion.save(update_fields=["completed_at", "retry_at", "last_error"])
        return False
    if step.run(UserId(deletion.user_id)):
        AccountDeletionStep.objects.create(deletion=deletion, name=step.name)
    return True


def _next_step(deletion: AccountDeletion) -> DeletionStep | None:
    done = set(deletion.steps_done.values_list("name", flat=True))
    return next((step for step in deletion_steps() if step.name not in done), None)


@transaction.atomic
def _postpone(deletion_id: UUID, error: str) -> None:
    deletion = lock_due_deletion(deletion_id)
    if deletion is None:
        return
    deletion.failures += 1
    deletion.last_error = error[:100]
    deletion.retry_at = now() + min(LAST_RETRY, FIRST_RETRY * 2 ** min(deletion.failures - 1, 20))
    deletion.save(update_fields=["failures", "last_error", "retry_at"])


def _locked(user_id: UserId) -> User:
    user = lock_user(user_id)
    if user is None:
        raise NotFound
    return user
