"""Staff roles: who is of the staff and as what. What each role may do is declared in `registries.staff_roles`."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.constants import STAFF_REASON_MAX_LENGTH, StaffPermission, StaffRole, StaffRoleChangeKind
from accounts.errors import AccountDisabled, LastAdministrator
from accounts.events import StaffRolesChanged
from accounts.models import StaffRoleChange, User
from accounts.models.locks import lock_administrators, lock_user
from accounts.policies import require_staff_permission
from accounts.queries.staff_roles import is_last_administrator, staff_roles_of
from accounts.registries.staff_roles import staff_permissions
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from kernel.ids import UserId


@transaction.atomic
def sync_staff_roles(actor: Actor) -> list[StaffRole]:
    """Give the group of every role exactly the permissions that are declared for it; return the roles that were not in step.

    For the system, after migrations: Django has made the permissions by then. Raises `Forbidden`, or `LookupError` for a
    permission that does not exist.
    """
    if actor.kind != "system":
        raise Forbidden
    return [role for role, permissions in staff_permissions().items() if _put_in_step(role, permissions)]


@transaction.atomic
def grant_staff_role(actor: Actor, *, user_id: UserId, role: StaffRole, reason: str) -> StaffRoleChange | None:
    """Give a user a role of the staff and log it; None, and nothing happens, when they have it. Administrators and the system may.

    Locks the user, then the administrators. Emits `staff_roles.changed` to the user. Raises `Forbidden`, `NotFound`,
    `AccountDisabled`, `Conflict` for a bot, `InvalidInput` without a reason, `LookupError` before `sync_staff_roles`.
    """
    user = _lock_for_change(actor, user_id)
    checked = _checked(reason)
    if user.is_bot:
        raise Conflict("A bot has no staff roles: it comes with a key, and staff need to sign in.")
    if not user.is_active:
        raise AccountDisabled
    if role in staff_roles_of(user):
        return None
    user.groups.add(_group(role))
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    return _log(actor, user, role, StaffRoleChangeKind.GRANTED, checked)


@transaction.atomic
def revoke_staff_role(actor: Actor, *, user_id: UserId, role: StaffRole, reason: str) -> StaffRoleChange | None:
    """Take a role of the staff from a user and log it; None, and nothing happens, when they do not have it. Administrators may.

    The panel is closed to them from the next request on; without another role they are no staff, and go on as a user. Locks and
    emits as `grant_staff_role`. Raises `Forbidden`, `NotFound`, `LastAdministrator`, `InvalidInput` without a reason.
    """
    user = _lock_for_change(actor, user_id)
    checked = _checked(reason)
    roles = staff_roles_of(user)
    if role not in roles:
        return None
    if role is StaffRole.ADMINISTRATOR:
        if is_last_administrator(user):
            raise LastAdministrator
        user.is_superuser = False
    user.groups.remove(*Group.objects.filter(name=role))
    user.is_staff = roles != (role,)
    user.save(update_fields=["is_staff", "is_superuser"])
    return _log(actor, user, role, StaffRoleChangeKind.REVOKED, checked)


def _put_in_step(role: StaffRole, names: frozenset[str]) -> bool:
    group, made = Group.objects.get_or_create(name=role.value)
    wanted = {permission.pk for permission in map(_permission, sorted(names))}
    stale = wanted != set(group.permissions.values_list("pk", flat=True))
    if stale:
        group.permissions.set(wanted)
    return made or stale


def _group(role: StaffRole) -> Group:
    group = Group.objects.filter(name=role.value).first()
    if group is None:
        raise LookupError("the staff roles are not in step: run manage.py staff_roles sync")
    return group


def _permission(name: str) -> Permission:
    app, _, codename = name.partition(".")
    found = Permission.objects.filter(content_type__app_label=app, codename=codename).first()
    if found is None:
        raise LookupError(f"there is no permission {name}: run the migrations first")
    return found


def _lock_for_change(actor: Actor, user_id: UserId) -> User:
    """Return the user, locked with the administrators, so that of two administrators who dismiss each other one stays."""
    require_staff_permission(actor, StaffPermission.GRANT_STAFF_ROLES)
    user = lock_user(user_id)
    if user is None:
        raise NotFound
    lock_administrators()
    # Asked again: another administrator may have dismissed the actor while this one waited.
    require_staff_permission(actor, StaffPermission.GRANT_STAFF_ROLES)
    return user


def _checked(reason: str) -> str:
    stripped = reason.strip()
    if not stripped or len(stripped) > STAFF_REASON_MAX_LENGTH:
        raise InvalidInput(f"Give a reason of at most {STAFF_REASON_MAX_LENGTH} characters.", field="reason")
    return stripped


def _log(actor: Actor, user: User, role: StaffRole, kind: StaffRoleChangeKind, reason: str) -> StaffRoleChange:
    change = StaffRoleChange.objects.create(user=user, role=role, kind=kind, reason=reason, changed_by_id=actor.user_id)
    append([Draft(topic_for("user", user.pk), StaffRolesChanged(roles=staff_roles_of(user)))])
    return change
