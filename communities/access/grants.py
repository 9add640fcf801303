"""Which permissions a membership gives by roles and overwrites, pure. Whether it counts at all is for `evaluation` to say."""

from __future__ import annotations

from msgspec.structs import replace

from communities.access.facts import MembershipFacts
from communities.access.overwrites import Overwrites
from communities.access.permissions import permission_rules
from communities.access.resources import COMMUNITY_KIND, Resource
from communities.constants import Holder, PermissionName


def holds(membership: MembershipFacts, permission: PermissionName, resource: Resource) -> bool:
    """Return whether the membership gives the permission in the resource. The owner has all; a guest next to nothing in the community."""
    if membership.is_owner:
        return True
    rule = permission_rules().get(permission)
    if rule is None or rule.holder is Holder.OWNER:
        return False
    if membership.is_guest and resource.kind == COMMUNITY_KIND:
        return rule.for_guests
    if resource.shown_by not in (None, permission) and not _is_given(membership, resource.shown_by, resource):
        return False
    return rule.holder is Holder.MEMBERS or _is_given(membership, permission, resource)


def is_taken_by_overwrite(membership: MembershipFacts, permission: PermissionName, resource: Resource) -> bool:
    """Return whether the membership would give a permission, which it does not, if the resource had no overwrites."""
    return resource.overwrites is not None and holds(membership, permission, replace(resource, overwrites=None))


def permissions_in(membership: MembershipFacts, resource: Resource) -> tuple[PermissionName, ...]:
    """Return all that the membership gives in the resource, in the order of registration."""
    return tuple(name for name in permission_rules() if holds(membership, name, resource))


def is_only_reading(permission: PermissionName) -> bool:
    """Return whether a time-out leaves the permission alone."""
    rule = permission_rules().get(permission)
    return rule is not None and rule.reads


def waits_for_rules(permission: PermissionName) -> bool:
    """Return whether the permission is closed to who owes acceptance of the rules."""
    rule = permission_rules().get(permission)
    return rule is not None and rule.after_acceptance


def _is_given(membership: MembershipFacts, permission: PermissionName | None, resource: Resource) -> bool:
    if resource.overwrites is not None:
        said = _said_to(membership, permission, resource.overwrites)
        if said is not None:
            return said
    return permission in membership.permissions


def _said_to(membership: MembershipFacts, permission: PermissionName | None, overwrites: Overwrites) -> bool | None:
    """Return what counts: the member's own overwrite, else those of their roles, where giving wins, else that of the default role."""
    own = overwrites.members.get(membership.user_id)
    said = None if own is None else own.says(permission)
    if own is not None and said is not None and not (said and membership.joined_at > own.made_at):
        return said
    found = [overwrites.roles.get(role_id) for role_id in membership.role_ids]
    *held, default = [None if one is None else one.says(permission) for one in found] or [None]
    if True in held or False in held:
        return True in held
    return default
