"""What a change of facts closes: the topics that members could read before it, and cannot any more.

Whoever changes facts compares under the community's lock: `readable_topics` before, the change, then `closed_since`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from communities.access.database import database_facts
from communities.access.facts import FactSource
from communities.access.moments import socket_facts
from communities.access.revocation import readable_by
from eventlog.append import Draft
from eventlog.events import AccessRevoked
from eventlog.topics import Topic
from kernel.ids import CommunityId, UserId

Readable = Mapping[UserId, Collection[Topic]]


def readable_topics(
    community_id: CommunityId, user_ids: Collection[UserId], *, facts: FactSource = socket_facts
) -> Readable:
    """Return which topics of the community the sockets of these users can read, before a change unless other facts are given.

    As many statements as the apps' topic sources take.
    """
    return readable_by(community_id, user_ids, facts)


def closed_since(before: Readable, community_id: CommunityId) -> list[Draft]:
    """Return one `access.revoked` per user and topic that was readable before and is not now.

    To be appended first in the transaction that changed the facts, so that nothing after it reaches the user.
    """
    now = readable_by(community_id, before.keys(), database_facts)
    return [
        Draft(topic, AccessRevoked(user=user_id))
        for user_id, topics in before.items()
        for topic in topics
        if topic not in now[user_id]
    ]
