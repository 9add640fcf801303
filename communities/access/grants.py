"""Which permissions a membership gives by its roles, pure. Whether the membership counts at all is for `evaluation` to say."""

from __future__ import annotations

from communities.access.facts import MembershipFacts
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
    if resource.shown_by not in (None, permission) and not _by_roles(membership, resource.shown_by):
        return False
    return rule.holder is Holder.MEMBERS or _by_roles(membership, permission)


def community_permissions(membership: MembershipFacts, community: Resource) -> tuple[PermissionName, ...]:
    """Return all that the membership gives in the community itself, in the order of registration."""
    return tuple(name for name in permission_rules() if holds(membership, name, community))


def is_only_reading(permission: PermissionName) -> bool:
    """Return whether a time-out leaves the permission alone."""
    rule = permission_rules().get(permission)
    return rule is not None and rule.reads


def waits_for_rules(permission: PermissionName) -> bool:
    """Return whether the permission is closed to who owes acceptance of the rules."""
    rule = permission_rules().get(permission)
    return rule is not None and rule.after_acceptance


def _by_roles(membership: MembershipFacts, permission: PermissionName | None) -> bool:
    return permission in membership.permissions
