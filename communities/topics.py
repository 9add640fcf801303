"""The topic `community:<id>`: what happens to a community and its members, for the members."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from communities.access import community_resource, decide
from communities.constants import Permission
from communities.models import Community
from communities.policies import refusals_of
from eventlog.topics import TopicKind, register_topic_kind
from kernel.actor import Actor
from kernel.decision import Decision
from kernel.errors import DomainError, NotFound
from kernel.ids import CommunityId


def authorise_community_topics(asked: Sequence[tuple[Actor, UUID]]) -> list[DomainError | None]:
    """Answer None to who may see the community from inside, else `NotFound` or `Unauthenticated`. At most two statements."""
    return refusals_of([(actor, CommunityId(object_id)) for actor, object_id in asked], Permission.VIEW_COMMUNITY)


def explain_community_topic(actor: Actor, object_id: UUID) -> Decision:
    """Return the decision about seeing the community from inside, for somebody who could until now."""
    community = Community.objects.filter(pk=object_id).first()
    if community is None:
        return Decision(allowed=False, code=NotFound.code)
    return decide(actor, Permission.VIEW_COMMUNITY, community_resource(community))


register_topic_kind(
    TopicKind(kind="community", authorise_all=authorise_community_topics, explain=explain_community_topic)
)
