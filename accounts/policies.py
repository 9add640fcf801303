"""Who may do what with accounts. What members may do in a community is decided in communities."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from accounts.constants import InactiveBecause, StaffPermission
from accounts.errors import ApplicationRequired, InvitationRequired, ReauthenticationRequired, SignUpClosed
from accounts.events import DeletionPayload
from accounts.models import ApiKey, Session, User
from accounts.payloads import deletion_payload
from accounts.processing.proofs import BY_FACTOR, proved_again
from accounts.queries.deletions import find_open_deletion
from accounts.queries.second_factors import has_second_factor, ways_to_prove
from accounts.storage.web_sessions import proofs_in
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import Forbidden, KeyNotAccepted, NotFound
from kernel.ids import SessionId, UserId


def has_staff_permission(actor: Actor, permission: StaffPermission) -> bool:
    """Whether the actor is the system, or an active member of staff whose roles hold the permission. Keys and bots are no staff.

    Where staff need a second factor, who has none has no rights of staff until they set one up, and who has one has them in a session
    that was begun or confirmed with it, over REST and sockets as in the panel.
    """
    if actor.kind == "system":
        return True
    if actor.kind != "user" or actor.user_id is None or actor.key is not None:
        return False
    user = User.objects.filter(pk=actor.user_id, is_staff=True).first()
    if user is None or not user.has_perm(permission):
        return False
    return is_protected_as_staff(user) and _acts_by_second_factor(actor)


def is_protected_as_staff(user: User) -> bool:
    """Whether the user has a second factor, where staff need one."""
    return not settings.STAFF_SECOND_FACTOR or bool(has_second_factor([UserId(user.id)]))


def _acts_by_second_factor(actor: Actor) -> bool:
    """Whether the actor's session has seen a second factor, where staff need one. Only the server itself acts without a session."""
    if not settings.STAFF_SECOND_FACTOR or actor.session_id is None or actor.user_id is None:
        return True
    return any(record.get("method") == BY_FACTOR for record in proofs_in(actor.session_id, actor.user_id))


def require_staff_permission(actor: Actor, permission: StaffPermission) -> None:
    """Return when the actor has the permission. Raises `Forbidden`."""
    if not has_staff_permission(actor, permission):
        raise Forbidden


def require_power_over(actor: Actor, user: User) -> None:
    """Return when the actor may use staff permissions on this user: on one of the staff, who grants roles alone may. Raises `Forbidden`."""
    if user.is_staff:
        require_staff_permission(actor, StaffPermission.GRANT_STAFF_ROLES)


def may_end_session(actor: Actor, session: Session) -> bool:
    """Whether the session is the actor's own, on any device, or the actor is of the staff that ends sessions. A key ends none."""
    if actor.key is not None:
        return False
    return session.user_id == actor.user_id or has_staff_permission(actor, StaffPermission.END_SESSIONS)


def sign_up_refusal() -> SignUpClosed | None:
    """Return why nobody may sign up by themselves (`SIGN_UP_MODE`), or None while everybody may."""
    refusals = {"invite": InvitationRequired, "application": ApplicationRequired}
    refusal = refusals.get(settings.SIGN_UP_MODE)
    return refusal() if refusal else None


def require_open_sign_up() -> None:
    """Return when people may sign up by themselves. Raises `SignUpClosed`."""
    refusal = sign_up_refusal()
    if refusal is not None:
        raise refusal


def may_follow_user(actor: Actor, user_id: UserId) -> bool:
    """Whether the actor may follow the events of a user: only the user may."""
    return actor.user_id == user_id


def may_come_back(user: User) -> bool:
    """Whether a sign-in may go on: the account is open, was closed by its owner, or waits for its deletion, which can be cancelled."""
    return user.is_active or user.inactive_because in (InactiveBecause.LEFT, InactiveBecause.DELETION)


def require_person(actor: Actor) -> UserId:
    """Return the id of a person who acts by a session. Raises `Unauthenticated`, or `KeyNotAccepted` for who comes with a key.

    For everything by which somebody could make more of a stolen key: keys, bots, sessions, passwords, second factors, deletion.
    """
    user_id = actor.require_user()
    if actor.kind != "user" or actor.key is not None:
        raise KeyNotAccepted
    return user_id


def require_recent_authentication(actor: Actor) -> UserId:
    """Return the id of the person whose session this is, when they proved who they are within the last `RECENT_SIGN_IN_MINUTES`.

    By signing in, or once more since then (`/auth/reauthenticate` and its like below `/_allauth/`), with a second factor where they have
    one. One statement for who has just signed in. Raises as `require_person`, or `ReauthenticationRequired`, with what would do in
    `flows`; an actor without a session has proved nothing.
    """
    user_id = require_person(actor)
    max_age = timedelta(minutes=settings.RECENT_SIGN_IN_MINUTES)
    if actor.session_id is None or not _proved_since(actor.session_id, user_id, now() - max_age):
        raise ReauthenticationRequired(max_age=int(max_age.total_seconds()), flows=ways_to_prove(user_id))
    return user_id


def _proved_since(session_id: SessionId, user_id: UserId, moment: datetime) -> bool:
    if Session.objects.filter(pk=session_id, user_id=user_id, created_at__gt=moment).exists():
        return True
    records = proofs_in(session_id, user_id)
    return bool(records) and proved_again(records, since=moment, by_factor=bool(has_second_factor([user_id])))


def get_deletion_for(actor: Actor) -> DeletionPayload:
    """Return the open deletion of the actor's own account. Raises `NotFound`."""
    deletion = find_open_deletion(actor.require_user())
    if deletion is None:
        raise NotFound
    return deletion_payload(deletion)


def get_bot_for(actor: Actor, bot_id: UserId) -> User:
    """Return a bot that the person owns and has not deleted. Raises `NotFound`, or as `require_person`."""
    bot = User.objects.filter(pk=bot_id, owner_id=require_person(actor), is_active=True).first()
    if bot is None:
        raise NotFound
    return bot


def may_manage_key(actor: Actor, key: ApiKey) -> bool:
    """Whether the key is the person's own or that of a bot of theirs. The key comes with its user."""
    return require_person(actor) in (key.user_id, key.user.owner_id)
