"""The community that imports go to when there is none yet."""

from __future__ import annotations

from django.db import transaction

from communities.actions.roles import unchecked_make_starting_roles
from communities.constants import CommunityVisibility, JoinPolicy
from communities.models import Community
from kernel.actor import Actor
from kernel.errors import Forbidden


def get_or_create_import_community(actor: Actor) -> Community:
    """Return the open community `imported`; make it when it is absent. For the system.

    It has no owner until an administrator makes a member its owner. Raises `Forbidden`.
    """
    if actor.kind != "system":
        raise Forbidden
    with transaction.atomic():
        community, is_new = Community.objects.get_or_create(
            slug="imported",
            defaults={
                "name": "Imported",
                "join_policy": JoinPolicy.OPEN,
                "visibility": CommunityVisibility.LISTED,
            },
        )
        if is_new:
            unchecked_make_starting_roles(community)
    return community
