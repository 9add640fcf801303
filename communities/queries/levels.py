"""The levels of members."""

from __future__ import annotations

from communities.models import MemberLevel
from kernel.ids import CommunityId, UserId


def find_level(community_id: CommunityId, user_id: UserId) -> MemberLevel | None:
    """Return the row of a user's level in a community; without one it is 0. One query."""
    return MemberLevel.objects.filter(community_id=community_id, user_id=user_id).first()
