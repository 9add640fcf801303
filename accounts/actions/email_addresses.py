"""What a change of somebody's e-mail address means for their other devices. The addresses themselves are allauth's."""

from __future__ import annotations

from accounts.events import UserUpdated
from accounts.models.locks import lock_user
from accounts.payloads import me_payload
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.ids import UserId


def tell_of_email_change(user_id: UserId) -> None:
    """Emit `user.updated` to the user's devices, in the transaction that changed the address. Locks the user."""
    user = lock_user(user_id)
    if user is not None:
        append([Draft(topic_for("user", user.id), UserUpdated(user=me_payload(user)))])
