"""What a change of facts closes: the topics that members could read before it, and cannot any more.

Whoever changes facts compares under the community's lock: `readable_topics` before, the change, then `closed_since`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from communities.access.database import database_facts
from communities.access.facts import FactSource
from communities.access.revocation import Readable, heard_by, named_topics, readable_by
from eventlog.append import Draft
from eventlog.events import AccessRevoked
from eventlog.topics import Topic
from kernel.ids import CommunityId, UserId


class Review(NamedTuple):
    """Topics that were reviewed when access to them changed, and what the sockets of members could read since then.

    What else takes access away after the review, as time does, is not covered by it.
    """

    topics: frozenset[Topic]
    readable: Readable

    def has_closed(self, user_id: UserId, topic: Topic) -> bool:
        """Tell of a topic that was readable before the change whether the user's sockets have lost it by the review."""
        return topic in self.topics and topic not in self.readable[user_id]


def readable_topics(
    community_id: CommunityId, user_ids: Collection[UserId], *, facts: FactSource | None = None
) -> Readable:
    """Return which topics of the community these users can read by the given facts; without, what their sockets may be hearing.

    As many statements as the apps' topic sources take, and without facts one more, or twice as many.
    """
    return heard_by(community_id, user_ids) if facts is None else readable_by(community_id, user_ids, facts)


def closed_since(before: Readable, community_id: CommunityId, review: Review | None = None) -> list[Draft]:
    """Return one `access.revoked` per user and topic that was readable before and is not now, but for what a review has closed already.

    To be appended first in the transaction that changed the facts, so that nothing after it reaches the user.
    """
    return closed_between(before, readable_by(community_id, before.keys(), database_facts), community_id, review)


def closed_between(
    before: Readable, after: Readable, community_id: CommunityId, review: Review | None = None
) -> list[Draft]:
    """Return what `closed_since` does, for who has compared already. A query."""
    named = named_topics(community_id, before.keys())
    return [
        Draft(topic, AccessRevoked(user=user_id))
        for user_id, topics in before.items()
        for topic in dict.fromkeys([*topics, *named[user_id]])
        if topic not in after[user_id] and not (review and review.has_closed(user_id, topic))
    ]
