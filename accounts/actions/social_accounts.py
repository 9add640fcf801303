"""What it means for a user that an account elsewhere was connected or is no more. The rows of such accounts are allauth's."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.security_notes import Note, tell_owner
from accounts.events import SocialAccountConnected, SocialAccountDisconnected
from accounts.models.locks import lock_user
from eventlog.append import Draft, append
from eventlog.events import Event
from eventlog.topics import topic_for
from kernel.ids import UserId


@transaction.atomic
def tell_of_connection(user_id: UserId, *, provider: str, name: str) -> None:
    """Tell the user's devices, and the user by mail, that an account at a provider now signs them in; `name` is what people call it.

    In the transaction that connected it, where there is one. Locks the user. Emits `social_account.connected`.
    """
    _tell(user_id, SocialAccountConnected(provider=provider), Note.SOCIAL_ACCOUNT_CONNECTED, name)


@transaction.atomic
def tell_of_disconnection(user_id: UserId, *, provider: str, name: str) -> None:
    """Tell them that it no longer does. Locks the user. Emits `social_account.disconnected`."""
    _tell(user_id, SocialAccountDisconnected(provider=provider), Note.SOCIAL_ACCOUNT_DISCONNECTED, name)


def _tell(user_id: UserId, event: Event, note: Note, name: str) -> None:
    user = lock_user(user_id)
    if user is not None:
        append([Draft(topic_for("user", user_id), event)])
        tell_owner(user, note, provider=name)
