"""The topic `community:<id>`: what happens to a community and its members, for the members."""

from __future__ import annotations

from uuid import UUID

from communities.constants import Permission
from communities.policies import get_community_for
from eventlog.topics import TopicKind, register_topic_kind
from kernel.actor import Actor
from kernel.ids import CommunityId


def authorise_community_topic(actor: Actor, object_id: UUID) -> None:
    """Return when the actor may see the community from inside. Raises `NotFound` or `Unauthenticated`."""
    get_community_for(actor, CommunityId(object_id), Permission.VIEW_COMMUNITY)


register_topic_kind(TopicKind(kind="community", authorise=authorise_community_topic))
