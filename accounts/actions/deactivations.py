"""Closing an account: by its owner, who opens it again by signing in, and what every closing has in common."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.api_keys import unchecked_revoke_keys
from accounts.actions.mail import send_mail_from_template
from accounts.actions.sessions import unchecked_revoke_sessions
from accounts.constants import InactiveBecause
from accounts.errors import HoldsStaffRole
from accounts.events import AccountDeactivated
from accounts.models import User
from accounts.models.locks import lock_open_keys, lock_open_sessions, lock_user
from accounts.policies import require_recent_authentication
from eventlog.append import Draft, append
from eventlog.events import Event
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import NotFound
from kernel.ids import UserId


@transaction.atomic
def deactivate_account(actor: Actor) -> None:
    """Close the actor's own account until they sign in again. What they wrote and where they are a member stays.

    Needs a recent proof of who they are. Locks the user, then the sessions. Emits `account.deactivated`, and `session.revoked` for each
    session; sends a mail. Raises `ReauthenticationRequired`, `HoldsStaffRole`.
    """
    user = lock_user(require_recent_authentication(actor))
    if user is None:
        raise NotFound
    if user.is_staff:
        raise HoldsStaffRole
    unchecked_shut_out(user, InactiveBecause.LEFT, AccountDeactivated())
    tell_by_mail(user, "account_deactivated")


def unchecked_shut_out(user: User, because: InactiveBecause, event: Event | None = None) -> None:
    """Make a locked user inactive and end their sessions, their API keys and those of their bots; the event comes first, so sockets get it.

    A constant number of statements. Keys end for good: who comes back makes new ones.
    """
    user.is_active, user.inactive_because = False, because
    user.save(update_fields=["is_active", "inactive_because"])
    if event is not None:
        append([Draft(topic_for("user", user.pk), event)])
    unchecked_revoke_sessions(lock_open_sessions(UserId(user.pk)))
    unchecked_revoke_keys(lock_open_keys([UserId(user.pk)]))


def tell_by_mail(user: User, template: str, **context: object) -> None:
    """Have a mail about their account sent to the user, when this transaction commits; who was imported has no mailbox, nor has a bot."""
    if user.is_imported or user.is_bot:
        return
    send_mail_from_template(f"account/mail/{template}", to=user.email, context={"name": user.display_name, **context})
