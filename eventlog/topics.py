"""Topics: the names of event streams, and the registry of who may follow which kind. Apps register their kinds; the gateway asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NewType
from uuid import UUID

import msgspec

from kernel.actor import Actor
from kernel.decision import Decision
from kernel.errors import DomainError, InvalidInput, NotFound
from kernel.key_access import topic_refusal

Topic = NewType("Topic", str)

AuthoriseAll = Callable[[Sequence[tuple[Actor, UUID]]], Sequence[DomainError | None]]
Explain = Callable[[Actor, UUID], Decision]


class TopicKind(msgspec.Struct, frozen=True):
    """A kind of topic (`room` of `room:<uuid>`) and the question whether actors may follow such topics.

    `authorise_all` answers any number of (actor, object id) pairs, in order and with a constant number of statements: None for yes, an
    error of its own for each no; absent and forbidden look alike.
    `explain(actor, object_id)` is for those alone who could read the topic until now: the decision as it is, nothing hidden.
    """

    kind: str
    authorise_all: AuthoriseAll
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
    refused = authorise_follows([(actor, topic)])[0]
    if refused is not None:
        raise refused


def authorise_follows(asked: Sequence[tuple[Actor, str]]) -> list[DomainError | None]:
    """Return for each actor and topic, in order, None or why not; the statements do not grow with the number of questions.

    Unknown kinds are `NotFound`, kinds that an API key has no scope for `ScopeMissing`. Raises `InvalidInput` for what is no topic.
    """
    answers: list[DomainError | None] = [None] * len(asked)
    for kind, questions in _by_kind(asked).items():
        pairs = [(actor, object_id) for _, actor, object_id in questions]
        of_kind = _kinds[kind].authorise_all(pairs) if kind in _kinds else [NotFound() for _ in pairs]
        for (place, actor, _), answer in zip(questions, of_kind, strict=True):
            answers[place] = topic_refusal(actor, kind) or answer
    return answers


def _by_kind(asked: Sequence[tuple[Actor, str]]) -> dict[str, list[tuple[int, Actor, UUID]]]:
    by_kind: dict[str, list[tuple[int, Actor, UUID]]] = {}
    for place, (actor, topic) in enumerate(asked):
        kind, object_id = parse_topic(topic)
        by_kind.setdefault(kind, []).append((place, actor, object_id))
    return by_kind


def explain_loss(actor: Actor, topic: Topic) -> Decision:
    """Return why a topic is closed to an actor who could read it until now."""
    kind, object_id = parse_topic(topic)
    explain = _kinds[kind].explain
    return explain(actor, object_id) if explain else Decision(allowed=False, code=NotFound.code)
