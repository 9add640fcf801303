"""Making, changing and deleting the roles of a community. Who has them changes in `communities.actions.membership_roles`."""

from __future__ import annotations

from communities.access import starting_permissions
from communities.constants import StartingRole
from communities.models import Community, Role


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
