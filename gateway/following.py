"""What following a topic asks of the database, for many sockets at once. When it is asked is the business of dispatch and hub."""

from __future__ import annotations

from collections.abc import Sequence

from eventlog.replay import LookBack, Resumption, check_resumptions, read_heads
from eventlog.topics import Topic, authorise_follows
from gateway.gathering import Gatherer
from gateway.pool import DatabasePool
from gateway.stream import Stream
from kernel.actor import Actor
from kernel.errors import DomainError


class Following:
    """Answers whether actors may follow and from where they can go on; the statements do not grow with the number of sockets."""

    def __init__(self, pool: DatabasePool) -> None:
        self._admissions: Gatherer[tuple[Actor, Topic], int] = Gatherer(pool, admit_all)
        self._look_backs: Gatherer[LookBack, Resumption] = Gatherer(pool, check_resumptions)

    async def admit(self, actor: Actor, topic: Topic) -> int:
        """Return the topic's head when the actor may follow. Raises as the topic's kind says otherwise.

        A revocation up to that head is seen by the question; a later one is an event after it.
        """
        return await self._admissions.ask((actor, topic))

    async def resume(self, actor: Actor, stream: Stream, head: int, after: int | None) -> Resumption:
        """Tell whether an admitted actor can go on after `after`: from the stream's memory when that is enough, else from the log."""
        if after is None or after == head:
            return Resumption(head, None)
        missed = stream.recall(after)
        if missed is not None and missed.last >= head:
            return Resumption(head, "access_changed" if actor.user_id in missed.losers else None)
        return await self._look_backs.ask(LookBack(stream.topic, after, head, actor.user_id))


def admit_all(asked: Sequence[tuple[Actor, Topic]]) -> list[int | DomainError]:
    """Return the head of each topic that its actor may follow, else the refusal. The heads are read before anything is asked."""
    heads = read_heads(dict.fromkeys(topic for _, topic in asked))
    refusals = authorise_follows(asked)
    return [heads[topic] if refused is None else refused for (_, topic), refused in zip(asked, refusals, strict=True)]
