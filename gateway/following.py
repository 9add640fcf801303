"""What following a topic asks of the database, for many sockets at once. When it is asked is the business of dispatch and hub."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from eventlog.replay import LookBack, Resumption, check_resumptions, read_heads
from eventlog.topics import Topic, authorise_follows
from gateway.gathering import Gatherer
from gateway.pool import DatabasePool
from gateway.stream import Stream
from kernel.actor import Actor
from kernel.errors import DomainError


class Admission(msgspec.Struct, frozen=True):
    """May `actor` follow the topic? `head` is where this process has the topic, if it has; else the log's head is read."""

    actor: Actor
    topic: Topic
    head: int | None = None


class Following:
    """Answers whether actors may follow and from where they can go on; the statements do not grow with the number of sockets."""

    def __init__(self, pool: DatabasePool) -> None:
        self._admissions: Gatherer[Admission, int] = Gatherer(pool, admit_all)
        self._look_backs: Gatherer[LookBack, Resumption] = Gatherer(pool, check_resumptions)

    async def admit(self, actor: Actor, topic: Topic, reached: int | None, after: int | None) -> int:
        """Return a head of the topic from which the actor may follow. Raises as the topic's kind says otherwise.

        A revocation up to that head is seen by the question; a later one is an event after it. What this process has `reached` will do,
        unless the client is ahead of it: then only the log knows how far the topic is.
        """
        is_behind = reached is None or (after is not None and after > reached)
        return await self._admissions.ask(Admission(actor, topic, None if is_behind else reached))

    async def resume(self, actor: Actor, stream: Stream, head: int, after: int | None) -> Resumption:
        """Tell whether an admitted actor can go on after `after`: from the stream's memory when that is enough, else from the log."""
        if after is None or after == head:
            return Resumption(head, None)
        missed = stream.recall(after)
        if missed is not None and missed.last >= head:
            has_changed = missed.is_reviewed or actor.user_id in missed.losers
            return Resumption(head, "access_changed" if has_changed else None)
        return await self._look_backs.ask(LookBack(stream.topic, after, head, actor.user_id))


def admit_all(asked: Sequence[Admission]) -> list[int | DomainError]:
    """Return a head of each topic that its actor may follow, else the refusal. Heads are read before anything is asked."""
    unknown = dict.fromkeys(one.topic for one in asked if one.head is None)
    heads = read_heads(unknown) if unknown else {}
    refusals = authorise_follows([(one.actor, one.topic) for one in asked])
    return [
        refused if refused is not None else heads[one.topic] if one.head is None else one.head
        for one, refused in zip(asked, refusals, strict=True)
    ]
