"""What the socket's greeting tells of communities: the wiring between gateway, which knows no domain, and communities."""

from __future__ import annotations

from collections.abc import Sequence

from communities.events import MyCommunityPayload
from communities.queries.communities import list_my_communities
from gateway.hello import CommunitiesSource, use_communities
from kernel.actor import Actor
from kernel.pagination import MAX_PAGE_SIZE, PageRequest


def wire_hello() -> None:
    """Let `hello` carry the user's communities, at most a page of them: the rest is a REST call away."""
    use_communities(CommunitiesSource(load=_communities, item=MyCommunityPayload))


def _communities(actor: Actor) -> Sequence[MyCommunityPayload]:
    return list_my_communities(actor.require_user(), page=PageRequest(limit=MAX_PAGE_SIZE)).items
