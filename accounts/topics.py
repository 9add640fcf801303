"""The topic `user:<id>`: what happens to one user, for their own devices."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from accounts.policies import may_follow_user
from eventlog.topics import TopicKind, register_topic_kind
from kernel.actor import Actor
from kernel.errors import DomainError, NotFound, Unauthenticated
from kernel.ids import UserId


def authorise_user_topics(asked: Sequence[tuple[Actor, UUID]]) -> list[DomainError | None]:
    """Answer None for the actor's own topic, `NotFound` for any other, `Unauthenticated` to who is no user. No statement."""
    return [_refusal(actor, UserId(object_id)) for actor, object_id in asked]


def _refusal(actor: Actor, user_id: UserId) -> DomainError | None:
    if actor.user_id is None:
        return Unauthenticated()
    return None if may_follow_user(actor, user_id) else NotFound()


register_topic_kind(TopicKind(kind="user", authorise_all=authorise_user_topics))
