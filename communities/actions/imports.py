"""The community that imports go to when there is none yet."""

from __future__ import annotations

from communities.constants import CommunityVisibility, JoinPolicy
from communities.models import Community
from kernel.actor import Actor
from kernel.errors import Forbidden


def get_or_create_import_community(actor: Actor) -> Community:
    """Return the open community `imported`; make it when it is absent. For the system.

    It has no owner until an administrator makes a member one. Raises `Forbidden`.
    """
    if actor.kind != "system":
        raise Forbidden
    community, _ = Community.objects.get_or_create(
        slug="imported",
        defaults={
            "name": "Imported",
            "join_policy": JoinPolicy.OPEN,
            "visibility": CommunityVisibility.LISTED,
        },
    )
    return community
