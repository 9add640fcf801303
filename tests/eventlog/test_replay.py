"""Resuming by cursor: everything, or an honest no."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from eventlog.append import Draft, append
from eventlog.events import AccessRevoked
from eventlog.replay import LookBack, Resumption, check_resumptions, find_moved_heads, read_events
from eventlog.topics import Topic, topic_for
from kernel.ids import UserId, uuid7

pytestmark = pytest.mark.django_db


def revocations(topic: Topic, users: list[UserId]) -> None:
    with transaction.atomic():
        append([Draft(topic, AccessRevoked(user=user)) for user in users])


@pytest.fixture
def user() -> UserId:
    return UserId(uuid7())


@pytest.fixture
def topic(user: UserId) -> Topic:
    """A topic with five events, the third of which revokes `user`'s access."""
    topic = topic_for("room", uuid7())
    revocations(topic, [UserId(uuid7()), UserId(uuid7()), user, UserId(uuid7()), UserId(uuid7())])
    return topic


def test_reading_goes_on_after_the_cursor_in_order_up_to_the_limit(topic):
    assert [event.seq for event in read_events(topic, after=1, limit=3)] == [2, 3, 4]
    assert read_events(topic, after=5, limit=3) == []


def resumption(topic: Topic, *, after: int, user: UserId | None) -> Resumption:
    return check_resumptions([LookBack(topic, after, 5, user)])[0]


def test_a_reader_at_the_head_resumes_without_a_query(topic, user, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert resumption(topic, after=5, user=user) == Resumption(5, None)


def test_a_reader_whose_next_event_is_kept_resumes(topic, user):
    assert resumption(topic, after=3, user=user) == Resumption(5, None)


def test_a_reader_that_lost_access_in_between_must_take_a_snapshot(topic, user):
    assert resumption(topic, after=2, user=user) == Resumption(5, "access_changed")
    assert resumption(topic, after=2, user=UserId(uuid7())) == Resumption(5, None)
    assert resumption(topic, after=2, user=None) == Resumption(5, None)


def test_a_reader_whose_next_event_was_dropped_must_take_a_snapshot(topic, user):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM eventlog_event WHERE topic = %s AND seq <= 4", [topic])
    assert resumption(topic, after=3, user=user) == Resumption(5, "too_old")
    assert resumption(topic, after=4, user=user) == Resumption(5, None)


def test_a_cursor_ahead_of_the_log_must_take_a_snapshot(topic, user):
    assert resumption(topic, after=6, user=user) == Resumption(5, "too_old")


def test_many_readers_of_many_topics_are_answered_in_order_with_one_query(topic, user, django_assert_num_queries):
    other = topic_for("room", uuid7())
    revocations(other, [user])
    asked = [
        LookBack(topic, 2, 5, user),
        LookBack(topic, 5, 5, user),
        LookBack(other, 0, 1, user),
        LookBack(topic, 9, 5, user),
        LookBack(other, 0, 1, None),
        LookBack(topic, 3, 5, user),
        LookBack(topic_for("room", uuid7()), 0, 1, user),
    ]
    with django_assert_num_queries(1):
        found = [one.reason for one in check_resumptions(asked)]
    assert found == ["access_changed", None, "access_changed", "too_old", None, None, "too_old"]


def test_of_many_known_heads_only_those_that_moved_come_back_with_one_query(topic, django_assert_num_queries):
    moved, unheard = topic_for("room", uuid7()), topic_for("room", uuid7())
    revocations(moved, [UserId(uuid7()), UserId(uuid7())])
    with django_assert_num_queries(1):
        assert find_moved_heads({topic: 5, moved: 1, unheard: 0}) == {moved: 2}
    assert find_moved_heads({topic: 9}) == {}
