"""Which permissions each staff role has: the one table, to which every app adds its own when it is ready. Nothing is granted here."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from accounts.constants import StaffPermission, StaffRole

_permissions: dict[StaffRole, set[str]] = {role: set() for role in StaffRole}


def register_staff_permissions(table: Mapping[StaffRole, Collection[str]]) -> None:
    """Add permissions, written as in `communities.view_membership`, to roles; called once per app, when it is ready."""
    for role, permissions in table.items():
        _permissions[role].update(permissions)


def staff_permissions() -> Mapping[StaffRole, frozenset[str]]:
    """Return what each role may do. An administrator may do all that any other role may, and what is theirs alone."""
    everything = frozenset().union(*_permissions.values())
    return {role: frozenset(own) for role, own in _permissions.items()} | {StaffRole.ADMINISTRATOR: everything}


register_staff_permissions(
    {
        StaffRole.SUPPORT: {
            StaffPermission.VIEW_USERS,
            StaffPermission.VIEW_SESSIONS,
            StaffPermission.VIEW_API_KEYS,
            StaffPermission.END_SESSIONS,
            StaffPermission.RESTORE_USERS,
            StaffPermission.VIEW_DELETIONS,
        },
        StaffRole.MODERATOR: {StaffPermission.VIEW_USERS},
        StaffRole.TRUST_AND_SAFETY: {
            StaffPermission.VIEW_USERS,
            StaffPermission.VIEW_SESSIONS,
            StaffPermission.VIEW_API_KEYS,
            StaffPermission.END_SESSIONS,
            StaffPermission.RESTORE_USERS,
            StaffPermission.VIEW_DELETIONS,
            StaffPermission.SUSPEND_USERS,
            StaffPermission.DELETE_USERS,
        },
        StaffRole.FINANCE: {StaffPermission.VIEW_USERS},
        StaffRole.ADMINISTRATOR: {
            StaffPermission.MAKE_USERS,
            StaffPermission.GRANT_STAFF_ROLES,
            StaffPermission.VIEW_STAFF_ROLE_CHANGES,
        },
    }
)
