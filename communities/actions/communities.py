"""Founding a community and changing what it says of itself."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.queries.users import get_user
from communities.access.communities import get_my_community
from communities.actions.roles import unchecked_make_starting_roles
from communities.constants import CommunityVisibility, JoinPolicy, Permission
from communities.errors import SlugTaken
from communities.events import CommunityUpdated, MemberJoined, MyCommunityPayload
from communities.models import Community, Membership
from communities.payloads import community_payload, member_payload, membership_changed
from communities.policies import lock_community_for
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.ids import CommunityId


def create_community(
    actor: Actor,
    *,
    name: str,
    slug: str,
    description: str = "",
    join_policy: JoinPolicy = JoinPolicy.CLOSED,
    visibility: CommunityVisibility | None = None,
) -> MyCommunityPayload:
    """Found a community, with the actor as its owner and its starting roles. Any user may.

    An open one is listed and a closed one secret unless told.

    Emits `member.joined`, and `membership.changed` to the owner. Raises `SlugTaken`.
    """
    user = get_user(actor.require_user())
    if visibility is None:
        visibility = CommunityVisibility.LISTED if join_policy is JoinPolicy.OPEN else CommunityVisibility.SECRET
    with transaction.atomic():
        community = Community(
            name=name, slug=slug, description=description, join_policy=join_policy, visibility=visibility
        )
        _save(community)
        unchecked_make_starting_roles(community)
        owner = Membership.objects.create(community=community, user=user, is_owner=True)
        append(
            [
                Draft(
                    topic_for("community", community.pk),
                    MemberJoined(member=member_payload(owner, (), at=now())),
                ),
                Draft(topic_for("user", user.pk), membership_changed(owner, ())),
            ]
        )
    return get_my_community(CommunityId(community.pk), actor.user_id)


def update_community(
    actor: Actor,
    *,
    community_id: CommunityId,
    name: str | None = None,
    slug: str | None = None,
    description: str | None = None,
    join_policy: JoinPolicy | None = None,
    visibility: CommunityVisibility | None = None,
) -> MyCommunityPayload:
    """Change what is given and keep the rest. Who has the permission may.

    Emits `community.updated` when anything differs. Locks the community. Raises `SlugTaken`.
    """
    wanted = {
        "name": name,
        "slug": slug,
        "description": description,
        "join_policy": join_policy,
        "visibility": visibility,
    }
    with transaction.atomic():
        community = lock_community_for(actor, community_id, Permission.MANAGE_COMMUNITY)
        changes = {
            field: value for field, value in wanted.items() if value is not None and value != getattr(community, field)
        }
        if changes:
            for field, value in changes.items():
                setattr(community, field, value)
            _save(community)
            topic = topic_for("community", community.pk)
            append([Draft(topic, CommunityUpdated(community=community_payload(community)))])
    return get_my_community(community_id, actor.user_id)


def _save(community: Community) -> None:
    """Write the row; the unique slug is the only constraint that valid input can break."""
    try:
        with transaction.atomic():
            community.save()
    except IntegrityError as error:
        raise SlugTaken(field="slug") from error
