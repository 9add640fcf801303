"""Who may do what with accounts. What members may do in a community is decided in communities."""

from __future__ import annotations

from accounts.models import Session, User
from kernel.actor import Actor
from kernel.errors import Forbidden
from kernel.ids import UserId


def may_administer_users(actor: Actor) -> bool:
    """Whether the actor is the system, or an active member of staff with Django's permission to change users."""
    if actor.kind == "system":
        return True
    if actor.user_id is None:
        return False
    user = User.objects.filter(pk=actor.user_id, is_staff=True).first()
    return user is not None and user.has_perm("accounts.change_user")


def require_user_administration(actor: Actor) -> None:
    """Return when the actor may administer users. Raises `Forbidden`."""
    if not may_administer_users(actor):
        raise Forbidden


def may_end_session(actor: Actor, session: Session) -> bool:
    """Whether the session is the actor's own, on any device, or the actor administers users."""
    return session.user_id == actor.user_id or may_administer_users(actor)


def may_follow_user(actor: Actor, user_id: UserId) -> bool:
    """Whether the actor may follow the events of a user: only the user may."""
    return actor.user_id == user_id
