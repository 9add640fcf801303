"""Which permissions there are: every app registers its own here when it is ready. Who has them is for `evaluation` to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from communities.constants import Holder, PermissionName, PermissionRule, StartingRole

_rules: dict[PermissionName, PermissionRule] = {}


def register_permissions(rules: Iterable[PermissionRule]) -> None:
    """Make an app's permissions known; called once per app. A name that no rule is about is had by nobody."""
    for rule in rules:
        if _rules.setdefault(rule.name, rule) is not rule:
            raise RuntimeError(f"the permission {rule.name} is registered twice")


def permission_rules() -> Mapping[PermissionName, PermissionRule]:
    """Return every permission's rule, in the order of registration."""
    return _rules


def grantable_permissions() -> list[PermissionName]:
    """Return what roles can give."""
    return [name for name, rule in _rules.items() if rule.holder is Holder.ROLES]


def overwritable_permissions(kind: str) -> list[PermissionName]:
    """Return what can be given and taken anew in single things of a kind."""
    return [name for name, rule in _rules.items() if rule.overwritten_in == kind]


def starting_permissions(role: StartingRole) -> list[PermissionName]:
    """Return what a starting role gives by itself; who has a higher one has the lower one as well."""
    return [name for name, rule in _rules.items() if rule.starts_in is role]
