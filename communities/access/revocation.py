"""What lost access closes: the topics of the community and of every higher app, and the events that close them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from communities.access.database import database_facts
from communities.access.facts import FactSource
from communities.access.moments import FactsBeforeEach, overdue
from eventlog.append import Draft
from eventlog.events import AccessReviewed, AccessRevoked
from eventlog.topics import Topic, topic_for
from kernel.ids import CommunityId, UserId

TopicSource = Callable[[CommunityId, Collection[UserId], FactSource], Mapping[UserId, Sequence[Topic]]]
"""Takes a community, users and where facts come from; answers, in a constant number of queries, which of its app's topics each can read."""

Readable = Mapping[UserId, Collection[Topic]]

SharedTopicSource = Callable[[CommunityId], Sequence[Topic]]
"""Takes a community; answers, in a constant number of queries, which of its app's topics are not only for some who were added by name."""

NamedTopicSource = Callable[[CommunityId, Collection[UserId]], Mapping[UserId, Sequence[Topic]]]
"""Takes a community and users; answers, in a constant number of queries, which of its app's topics each was added to by name."""

_sources: list[TopicSource] = []
_shared_sources: list[SharedTopicSource] = []
_named_sources: list[NamedTopicSource] = []


def register_topic_source(source: TopicSource) -> None:
    """Have `source` asked at every removal; called once, when the app that owns the topics is ready."""
    if source not in _sources:
        _sources.append(source)


def register_shared_topics(source: SharedTopicSource) -> None:
    """Have `source` asked when access changes for very many at once; called once, when the app that owns the topics is ready."""
    if source not in _shared_sources:
        _shared_sources.append(source)


def register_named_topics(source: NamedTopicSource) -> None:
    """Have `source` asked whenever something closes; called once, when the app that owns the topics is ready."""
    if source not in _named_sources:
        _named_sources.append(source)


def named_topics(community_id: CommunityId, user_ids: Collection[UserId]) -> Readable:
    """Return the topics that these users were added to by name, whether they can read them or not.

    Where they cannot, a job of an earlier change for very many may not have come to them: what that took is seen in no comparison of a
    later change, so whoever closes something closes these as well.
    """
    found = [source(community_id, user_ids) for source in _named_sources]
    return {user_id: [topic for topics in found for topic in topics.get(user_id, ())] for user_id in user_ids}


def shared_topics(community_id: CommunityId) -> list[Topic]:
    """Return the topics of a community whose readers are told by roles and gates alone."""
    return [topic for source in _shared_sources for topic in source(community_id)]


def reviews(topics: Collection[Topic]) -> list[Draft]:
    """Return one `access.reviewed` per topic, to be appended in the transaction that changes access to it for very many.

    Every gateway then asks anew about each of its followers before it gives them anything later: nobody has to be named in the log.
    """
    return [Draft(topic, AccessReviewed()) for topic in topics]


def readable_by(
    community_id: CommunityId, user_ids: Collection[UserId], facts: FactSource
) -> dict[UserId, list[Topic]]:
    """Return what the sources say that each of these users can read, without what is said twice."""
    found = [source(community_id, user_ids, facts) for source in _sources]
    return {
        user_id: list(dict.fromkeys(topic for topics in found for topic in topics.get(user_id, ())))
        for user_id in user_ids
    }


def _as_they_are(facts: FactSource) -> FactSource:
    return facts


def heard_by(
    community_id: CommunityId,
    user_ids: Collection[UserId],
    known: Callable[[FactSource], FactSource] = _as_they_are,
) -> dict[UserId, list[Topic]]:
    """Return which topics the sockets of these users may be hearing: what they can read by what is `known`, or could until lately.

    Of a member whom time may have changed and who was not looked at since, both count: what they could read just before that
    moment is not revoked yet, and what they have gained since they may follow already. A query more than the sources take, and
    for such members as many again.
    """
    heard = readable_by(community_id, user_ids, known(database_facts))
    late = overdue(community_id, user_ids)
    if late:
        for user_id, topics in readable_by(community_id, late.keys(), known(FactsBeforeEach(late))).items():
            heard[user_id] = list(dict.fromkeys([*heard[user_id], *topics]))
    return heard


def revocations(community_id: CommunityId, user_ids: Collection[UserId]) -> list[Draft]:
    """Return one `access.revoked` per user and topic of the community that the user's sockets may be hearing, the community's own first.

    To be called under the community's lock, and appended in the transaction that takes the membership away.
    """
    own = topic_for("community", community_id)
    named = named_topics(community_id, user_ids)
    return [
        Draft(topic, AccessRevoked(user=user_id))
        for user_id, topics in heard_by(community_id, user_ids).items()
        for topic in dict.fromkeys([own, *topics, *named[user_id]])
    ]
