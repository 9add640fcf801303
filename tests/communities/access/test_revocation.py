"""What a removal closes: the community's own topic and those of every registered source, each once."""

from __future__ import annotations

import pytest

from communities.access import register_topic_source, revocation, revocations
from eventlog.append import Draft
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.ids import CommunityId, UserId, uuid7
from tests.factories.communities import make_community

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sources(monkeypatch):
    """An empty registry of topic sources for the test's own."""
    monkeypatch.setattr(revocation, "_sources", [])


@pytest.fixture
def place():
    return CommunityId(make_community().pk)


def test_the_topic_of_the_community_is_always_closed(place):
    user_id = UserId(uuid7())

    own = topic_for("community", place)
    assert revocations(place, [user_id]) == [Draft(own, AccessRevoked(user=user_id))]


def test_every_source_is_asked_once_for_all_users_and_each_topic_is_closed_once(place):
    one, other = UserId(uuid7()), UserId(uuid7())
    room, hall = topic_for("room", uuid7()), topic_for("room", uuid7())
    asked = []

    def rooms(community_id, user_ids, facts):
        asked.append((community_id, list(user_ids)))
        return {one: [room, hall]}

    def halls(community_id, user_ids, facts):
        return {one: [hall], other: [hall]}

    register_topic_source(rooms)
    register_topic_source(rooms)
    register_topic_source(halls)

    own = topic_for("community", place)
    assert [(draft.topic, draft.event.user) for draft in revocations(place, [one, other])] == [
        (own, one),
        (room, one),
        (hall, one),
        (own, other),
        (hall, other),
    ]
    assert asked == [(place, [one, other])]
