"""The topic `community:<id>`: what happens to a community and its members, for the members."""

from __future__ import annotations

from uuid import UUID

from communities.access import community_resource, decide
from communities.constants import Permission
from communities.models import Community
from communities.policies import get_community_for
from eventlog.topics import TopicKind, register_topic_kind
from kernel.actor import Actor
from kernel.decision import Decision
from kernel.errors import NotFound
from kernel.ids import CommunityId


def authorise_community_topic(actor: Actor, object_id: UUID) -> None:
    """Return when the actor may see the community from inside. Raises `NotFound` or `Unauthenticated`."""
    get_community_for(actor, CommunityId(object_id), Permission.VIEW_COMMUNITY)


def explain_community_topic(actor: Actor, object_id: UUID) -> Decision:
    """Return the decision about seeing the community from inside, for somebody who could until now."""
    community = Community.objects.filter(pk=object_id).first()
    if community is None:
        return Decision(allowed=False, code=NotFound.code)
    return decide(actor, Permission.VIEW_COMMUNITY, community_resource(community))


register_topic_kind(TopicKind(kind="community", authorise=authorise_community_topic, explain=explain_community_topic))
