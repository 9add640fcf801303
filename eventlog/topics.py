"""Topics: the names of event streams, and the registry of who may follow which kind. Apps register their kinds; the gateway asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NewType
from uuid import UUID

import msgspec

from kernel.actor import Actor
from kernel.decision import Decision
from kernel.errors import InvalidInput, NotFound

Topic = NewType("Topic", str)

Authorise = Callable[[Actor, UUID], None]
Explain = Callable[[Actor, UUID], Decision]


class TopicKind(msgspec.Struct, frozen=True):
    """A kind of topic (`room` of `room:<uuid>`) and the question whether an actor may follow one.

    `authorise(actor, object_id)` returns for yes and raises a `DomainError` for no; absent and forbidden look alike.
    `explain(actor, object_id)` is for those alone who could read the topic until now: the decision as it is, nothing hidden.
    """

    kind: str
    authorise: Authorise
    explain: Explain | None = None


_kinds: dict[str, TopicKind] = {}


def register_topic_kind(topic_kind: TopicKind) -> None:
    """Make a kind of topic known; called once per kind at start-up."""
    if topic_kind.kind in _kinds:
        raise RuntimeError(f"topic kind {topic_kind.kind} is registered twice")
    _kinds[topic_kind.kind] = topic_kind


def topic_for(kind: str, object_id: UUID) -> Topic:
    """Return the topic of an object, as in `room:0190...`."""
    return Topic(f"{kind}:{object_id}")


def parse_topic(text: str) -> tuple[str, UUID]:
    """Return (kind, object id). Raises `InvalidInput` unless `text` is exactly what `topic_for` makes."""
    kind, separator, rest = text.partition(":")
    try:
        object_id = UUID(rest)
    except ValueError:
        object_id = None
    if not separator or object_id is None or topic_for(kind, object_id) != text:
        raise InvalidInput("A topic looks like room:<id>.", field="topic")
    return kind, object_id


def authorise_follow(actor: Actor, topic: str) -> None:
    """Return when the actor may follow the topic; raise as its kind says otherwise. Unknown kinds are `NotFound`."""
    kind, object_id = parse_topic(topic)
    if kind not in _kinds:
        raise NotFound
    _kinds[kind].authorise(actor, object_id)


def explain_loss(actor: Actor, topic: Topic) -> Decision:
    """Return why a topic is closed to an actor who could read it until now."""
    kind, object_id = parse_topic(topic)
    explain = _kinds[kind].explain
    return explain(actor, object_id) if explain else Decision(allowed=False, code=NotFound.code)
