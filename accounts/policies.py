"""Who may do what with accounts. What members may do in a community is decided in communities."""

from __future__ import annotations

from accounts.constants import StaffPermission
from accounts.models import Session, User
from kernel.actor import Actor
from kernel.errors import Forbidden
from kernel.ids import UserId


def has_staff_permission(actor: Actor, permission: StaffPermission) -> bool:
    """Whether the actor is the system, or an active member of staff whose roles hold the permission. Keys and bots are no staff."""
    if actor.kind == "system":
        return True
    if actor.kind != "user" or actor.user_id is None:
        return False
    user = User.objects.filter(pk=actor.user_id, is_staff=True).first()
    return user is not None and user.has_perm(permission)


def require_staff_permission(actor: Actor, permission: StaffPermission) -> None:
    """Return when the actor has the permission. Raises `Forbidden`."""
    if not has_staff_permission(actor, permission):
        raise Forbidden


def require_power_over(actor: Actor, user: User) -> None:
    """Return when the actor may use staff permissions on this user: on one of the staff, who grants roles alone may. Raises `Forbidden`."""
    if user.is_staff:
        require_staff_permission(actor, StaffPermission.GRANT_STAFF_ROLES)


def may_end_session(actor: Actor, session: Session) -> bool:
    """Whether the session is the actor's own, on any device, or the actor is of the staff that ends sessions."""
    return session.user_id == actor.user_id or has_staff_permission(actor, StaffPermission.END_SESSIONS)


def may_follow_user(actor: Actor, user_id: UserId) -> bool:
    """Whether the actor may follow the events of a user: only the user may."""
    return actor.user_id == user_id
