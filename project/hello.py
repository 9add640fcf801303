"""What the socket's greeting tells of communities: the wiring between gateway, which knows no domain, and communities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from communities.access.communities import list_communities_of
from communities.events import MyCommunityPayload
from gateway.hello import CommunitiesSource, use_communities
from kernel.ids import UserId
from kernel.pagination import MAX_PAGE_SIZE


def wire_hello() -> None:
    """Let `hello` carry the user's communities, at most a page of them: the rest is a REST call away."""
    use_communities(CommunitiesSource(load=_communities, item=MyCommunityPayload))


def _communities(user_ids: Collection[UserId]) -> Mapping[UserId, Sequence[MyCommunityPayload]]:
    return list_communities_of(user_ids, limit=MAX_PAGE_SIZE)
