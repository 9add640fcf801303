"""What communities do when an account is deleted: nobody may leave members without an owner, and memberships end like any other."""

from __future__ import annotations

from communities.actions.memberships import unchecked_end_membership
from communities.constants import CommunityVisibility, JoinPolicy, MembershipStatus
from communities.errors import OwnerStays, OwnsCommunities
from communities.events import CommunityUpdated
from communities.models import Community, Membership
from communities.models.locks import lock_community, lock_memberships, lock_owned_communities
from communities.payloads import community_payload
from communities.queries.memberships import first_membership, is_only_member
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.ids import CommunityId, UserId

NAMED_AT_MOST = 20


def check_owned_communities(user_id: UserId) -> None:
    """Return when no community with other members would be left without its owner.

    Locks the communities that the user owns, so that nobody joins or leaves meanwhile. Raises `OwnsCommunities`, which names
    `NAMED_AT_MOST` of them.
    """
    orphaned = [community for community in lock_owned_communities(user_id) if _needs(community, user_id)]
    if orphaned:
        named = [{"id": str(community.pk), "name": community.name} for community in orphaned[:NAMED_AT_MOST]]
        raise OwnsCommunities(communities=named)


def end_memberships(user_id: UserId) -> bool:
    """End one membership of a deleted user, so that no two communities are locked at once; return whether none was left.

    A community whose only member goes is closed and secret, so that nobody comes into one that nobody runs. Emits as a removal does, and
    `community.updated`. Raises `OwnerStays`, should one that the user owns have got other members since the deletion was scheduled.
    """
    membership = first_membership(user_id)
    if membership is None:
        return True
    community = lock_community(CommunityId(membership.community_id))
    locked = lock_memberships(CommunityId(community.pk), [user_id])[user_id]
    if locked.is_owner:
        _close(community, locked)
    unchecked_end_membership(locked, MembershipStatus.REMOVED)
    return False


def _needs(community: Community, user_id: UserId) -> bool:
    return not is_only_member(Membership.objects.get(community=community, user_id=user_id))


def _close(community: Community, owner: Membership) -> None:
    if not is_only_member(owner):
        raise OwnerStays
    if community.join_policy == JoinPolicy.CLOSED and community.visibility == CommunityVisibility.SECRET:
        return
    community.join_policy, community.visibility = JoinPolicy.CLOSED, CommunityVisibility.SECRET
    community.save(update_fields=["join_policy", "visibility"])
    append([Draft(topic_for("community", community.pk), CommunityUpdated(community=community_payload(community)))])
