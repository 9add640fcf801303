"""The topic `user:<id>`: what happens to one user, for their own devices."""

from __future__ import annotations

from uuid import UUID

from accounts.policies import may_follow_user
from eventlog.topics import TopicKind, register_topic_kind
from kernel.actor import Actor
from kernel.errors import NotFound
from kernel.ids import UserId


def authorise_user_topic(actor: Actor, object_id: UUID) -> None:
    """Return when the topic is the actor's own; any other looks absent."""
    actor.require_user()
    if not may_follow_user(actor, UserId(object_id)):
        raise NotFound


register_topic_kind(TopicKind(kind="user", authorise=authorise_user_topic))
