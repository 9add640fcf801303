"""The topics of a community: `community:<id>`, what happens to it and its members, for them; and those for who manages a part of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from communities.access import FactSource, Question, community_resource, decide, decide_all
from communities.constants import APPLICATIONS_TOPIC, COMMUNITY_TOPIC, ENTITLEMENTS_TOPIC, INVITES_TOPIC, Permission
from communities.models import Community
from communities.policies import refusals_of
from eventlog.topics import Topic, TopicKind, register_topic_kind, topic_for
from kernel.actor import Actor, user_actor
from kernel.decision import Decision
from kernel.errors import DomainError, NotFound
from kernel.ids import CommunityId, UserId

MANAGEMENT_TOPICS = {
    INVITES_TOPIC: Permission.MANAGE_INVITES,
    APPLICATIONS_TOPIC: Permission.REVIEW_APPLICATIONS,
    ENTITLEMENTS_TOPIC: Permission.MANAGE_ENTITLEMENTS,
}
"""The kinds of topic that tell more than every member may know, and the permission that each takes."""
_PERMISSIONS = {COMMUNITY_TOPIC: Permission.VIEW_COMMUNITY, **MANAGEMENT_TOPICS}


def authorise_community_topics(asked: Sequence[tuple[Actor, UUID]]) -> list[DomainError | None]:
    """Answer None to who may see the community from inside, else `NotFound` or `Unauthenticated`. At most two statements."""
    return refusals_of([(actor, CommunityId(object_id)) for actor, object_id in asked], Permission.VIEW_COMMUNITY)


def explain_community_topic(actor: Actor, object_id: UUID) -> Decision:
    """Return the decision about seeing the community from inside, for somebody who could until now."""
    return _explain(actor, object_id, Permission.VIEW_COMMUNITY)


def community_topics(community_id: CommunityId) -> Sequence[Topic]:
    """Return the community's own topics. No statement."""
    return [topic_for(kind, community_id) for kind in _PERMISSIONS]


def readable_community_topics(
    community_id: CommunityId, user_ids: Collection[UserId], facts: FactSource
) -> Mapping[UserId, Sequence[Topic]]:
    """Return the community's own topics that each user can read, for `communities.access` to revoke. Two statements."""
    community = Community.objects.select_related("gate_version").get(pk=community_id)
    asked = [(user_id, kind) for user_id in user_ids for kind in _PERMISSIONS]
    resource = community_resource(community)
    decisions = decide_all(
        [Question(user_actor(user_id), _PERMISSIONS[kind], resource) for user_id, kind in asked], facts=facts
    )
    readable: dict[UserId, list[Topic]] = {}
    for (user_id, kind), decision in zip(asked, decisions, strict=True):
        if decision.allowed:
            readable.setdefault(user_id, []).append(topic_for(kind, community_id))
    return readable


def _explain(actor: Actor, object_id: UUID, permission: Permission) -> Decision:
    community = Community.objects.filter(pk=object_id).first()
    if community is None:
        return Decision(allowed=False, code=NotFound.code)
    return decide(actor, permission, community_resource(community))


def _management_topic_kind(kind: str, permission: Permission) -> TopicKind:
    def authorise_all(asked: Sequence[tuple[Actor, UUID]]) -> list[DomainError | None]:
        return refusals_of([(actor, CommunityId(object_id)) for actor, object_id in asked], permission)

    def explain(actor: Actor, object_id: UUID) -> Decision:
        return _explain(actor, object_id, permission)

    return TopicKind(kind=kind, authorise_all=authorise_all, explain=explain)


register_topic_kind(
    TopicKind(kind=COMMUNITY_TOPIC, authorise_all=authorise_community_topics, explain=explain_community_topic)
)
for _kind, _permission in MANAGEMENT_TOPICS.items():
    register_topic_kind(_management_topic_kind(_kind, _permission))
