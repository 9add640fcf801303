"""Making, changing, ordering and deleting the roles of a community. Who has them changes in `communities.actions.membership_roles`.

All of it waits for the community's lock. Positions are dense: the default role is at 0, the next at 1, and so on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F

from communities.access import grantable_permissions, starting_permissions
from communities.actions.access_changes import unchecked_change_permissions, unchecked_delete_role
from communities.constants import Permission, StartingRole
from communities.errors import RoleIsDefault, RoleTooHigh, TooManyRoles
from communities.events import RoleCreated, RolePayload, RolesReordered, RoleUpdated
from communities.models import Community, Role
from communities.payloads import role_payload
from communities.policies import check_may_give, get_role_below, lock_community_for, rank_of
from eventlog.append import Draft, append
from eventlog.events import Event
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, RoleId
from kernel.metrics import limit_hit


def unchecked_make_starting_roles(community: Community) -> None:
    """Give a new community the role that every member has, and one to moderate with. Inside the transaction that makes it."""
    Role.objects.bulk_create(
        Role(
            community=community,
            name=role.value,
            position=position,
            permissions=starting_permissions(role),
            is_default=position == 0,
        )
        for position, role in enumerate(StartingRole)
    )


def create_role(
    actor: Actor,
    *,
    community_id: CommunityId,
    name: str,
    colour: str = "",
    permissions: Collection[str] = (),
    is_self_assignable: bool = False,
) -> RolePayload:
    """Make a role just above the default one, with permissions that the actor has. Who manages roles may.

    Emits `role.created`. Raises `InvalidInput`, `PermissionNotHeld`, `TooManyRoles`, `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_ROLES)
        names = _known(permissions)
        check_may_give(actor, community_id, names)
        roles = Role.objects.filter(community_id=community_id)
        if roles.count() >= settings.COMMUNITY_ROLES_MAX:
            limit_hit("community.roles")
            raise TooManyRoles(f"A community has at most {settings.COMMUNITY_ROLES_MAX} roles. Delete one first.")
        roles.filter(is_default=False).update(position=F("position") + 1)
        role = Role.objects.create(
            community_id=community_id,
            name=name,
            colour=colour,
            permissions=names,
            position=1,
            is_self_assignable=is_self_assignable,
        )
        _tell(community_id, RoleCreated(role=role_payload(role)))
        return role_payload(role)


def update_role(
    actor: Actor,
    *,
    community_id: CommunityId,
    role_id: RoleId,
    name: str | None = None,
    colour: str | None = None,
    permissions: Collection[str] | None = None,
    is_self_assignable: bool | None = None,
) -> RolePayload:
    """Change what is given of a role below the actor's highest; what it is to give anew, the actor has. Who manages roles may.

    What becomes self-assignable gives nothing that the actor does not have, since everybody takes it who likes. Emits `role.updated` when
    anything differs, and what `unchecked_change_permissions` does. Raises `InvalidInput`, `PermissionNotHeld`, `RoleTooHigh`,
    `RoleIsDefault`, `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_ROLES)
        role = get_role_below(actor, community_id, role_id)
        before = role_payload(role)
        role.name = role.name if name is None else name
        role.colour = role.colour if colour is None else colour
        if permissions is not None and set(permissions) != set(role.permissions):
            role.permissions = _known(permissions)
            check_may_give(actor, community_id, set(role.permissions) - set(before.permissions))
        if is_self_assignable is not None and is_self_assignable != role.is_self_assignable:
            _mark(actor, role, is_self_assignable)
        if role_payload(role) == before:
            return before
        _write(role, before)
        return role_payload(role)


def delete_role(actor: Actor, *, community_id: CommunityId, role_id: RoleId) -> None:
    """Delete a role below the actor's highest; nobody has it any more. Who manages roles may.

    One that very many have gives nothing from now on and goes in the background: `role.updated` instead of `role.deleted` for the time
    being. Emits what `unchecked_delete_role` does. Raises `RoleIsDefault`, `RoleTooHigh`, `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_ROLES)
        role = get_role_below(actor, community_id, role_id)
        if role.is_default:
            raise RoleIsDefault
        if not unchecked_delete_role(role):
            _tell(community_id, RoleUpdated(role=role_payload(role)))


def reorder_roles(actor: Actor, *, community_id: CommunityId, role_ids: Sequence[RoleId]) -> list[RolePayload]:
    """Put the roles in an order, given from the highest down without the default one. Who manages roles may, below their own highest.

    Emits `roles.reordered` when anything differs. Raises `InvalidInput` unless every role is named once, `RoleTooHigh`, `NotFound`, or
    why it is refused.
    """
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.MANAGE_ROLES)
        roles = list(Role.objects.filter(community_id=community_id).order_by("-position"))
        known = {RoleId(role.pk): role for role in roles if not role.is_default}
        if len(role_ids) != len(known) or known.keys() != set(role_ids):
            raise InvalidInput("Name every role but the default one, once.", field="roles")
        moved = _moved(actor, community_id, [known[role_id] for role_id in role_ids])
        if moved:
            Role.objects.bulk_update(moved, ["position"])
            _tell(community_id, RolesReordered(roles=(*role_ids, *(role.pk for role in roles if role.is_default))))
        return [role_payload(role) for role in sorted(roles, key=lambda role: -role.position)]


def _moved(actor: Actor, community_id: CommunityId, ordered: Sequence[Role]) -> list[Role]:
    """Give the roles their new positions; return those that moved. None of them stands, or comes to stand, too high for the actor."""
    rank = rank_of(actor, community_id)
    moved = []
    for role, position in zip(ordered, range(len(ordered), 0, -1), strict=True):
        if role.position == position:
            continue
        if rank is not None and max(role.position, position) >= rank:
            raise RoleTooHigh
        role.position = position
        moved.append(role)
    return moved


def _write(role: Role, before: RolePayload) -> None:
    if set(role.permissions) == set(before.permissions):
        role.save()
    else:
        unchecked_change_permissions(role, before.permissions)
    _tell(CommunityId(role.community_id), RoleUpdated(role=role_payload(role)))


def _mark(actor: Actor, role: Role, is_self_assignable: bool) -> None:
    if role.is_default:
        raise RoleIsDefault
    if is_self_assignable:
        check_may_give(actor, CommunityId(role.community_id), role.permissions)
    role.is_self_assignable = is_self_assignable


def _known(permissions: Collection[str]) -> list[str]:
    """Return the names in the order of registration. Raises `InvalidInput` for one that no role can give."""
    grantable = grantable_permissions()
    unknown = sorted(set(permissions) - set(grantable))
    if unknown:
        raise InvalidInput(f"No role gives {unknown[0]}.", field="permissions")
    return [name.value for name in grantable if name in permissions]


def _tell(community_id: CommunityId, event: Event) -> None:
    append([Draft(topic_for("community", community_id), event)])
