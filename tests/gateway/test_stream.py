"""One topic in one process: contiguous, in order, each event once, whatever order the doorbell rings in."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.topics import Topic
from gateway.memory import RECENT_EVENTS, Memories
from gateway.stream import Stream
from kernel.ids import UserId
from tests.gateway.followers import Follower
from tests.metrics import growth_of

TOPIC = Topic("room:01900000-0000-7000-8000-000000000001")


def event(seq: int) -> LoggedEvent:
    return LoggedEvent(TOPIC, seq, "tests.numbered", b"{}")


def revocation(seq: int, user: UserId) -> LoggedEvent:
    return LoggedEvent(TOPIC, seq, "access.revoked", msgspec.json.encode(AccessRevoked(user=user)))


def open_stream(head: int = 0) -> Stream:
    stream = Stream(TOPIC, Memories())
    stream.open_at(head)
    return stream


@given(st.permutations(range(1, 13)), st.lists(st.integers(1, 12), max_size=10), st.integers(1, 5))
def test_events_in_any_order_with_repeats_arrive_once_and_in_order(order, repeats, size):
    stream, follower = open_stream(), Follower()
    assert stream.attach(follower, 0)
    arrivals = [*order, *repeats]
    for start in range(0, len(arrivals), size):
        stream.advance([event(seq) for seq in arrivals[start : start + size]])
    stream.flush()
    assert follower.seen == list(range(1, 13))
    assert not stream.behind


def test_events_behind_a_gap_wait_for_the_missing_one():
    stream, follower = open_stream(), Follower()
    stream.attach(follower, 0)
    stream.advance([event(1), event(3), event(4)])
    stream.flush()
    assert (follower.seen, stream.behind) == ([1], True)
    stream.advance([event(2)])
    stream.flush()
    assert (follower.seen, stream.behind) == ([1, 2, 3, 4], False)


def test_only_so_many_events_wait_behind_a_gap_and_the_others_are_left_to_the_log(monkeypatch):
    monkeypatch.setattr("gateway.stream.PENDING_EVENTS", 2)
    left = growth_of("portcullis_limit_hits_total", limit="stream.pending")
    stream, follower = open_stream(), Follower()
    stream.attach(follower, 0)
    stream.advance([event(seq) for seq in (2, 3, 4, 5)])
    stream.advance([event(1)])
    stream.flush()
    assert (follower.seen, stream.head, stream.behind, left()) == ([1, 2, 3], 5, True, 2)
    stream.advance([event(4), event(5)])
    stream.flush()
    assert (follower.seen, stream.behind) == ([1, 2, 3, 4, 5], False)


def test_events_that_come_before_the_head_is_known_are_kept_for_it():
    stream, follower = Stream(TOPIC, Memories()), Follower()
    stream.attach(follower, 5)
    stream.advance([event(5), event(6), event(7)])
    stream.flush()
    assert follower.seen == []
    stream.open_at(5)
    stream.flush()
    assert follower.seen == [6, 7]


def test_a_subscriber_ahead_of_the_process_sees_only_what_is_new_to_it():
    stream, follower = open_stream(head=3), Follower()
    assert stream.attach(follower, 5)
    stream.advance([event(4), event(5), event(6)])
    stream.flush()
    assert follower.seen == [6]


def test_a_subscriber_behind_the_process_gets_the_rest_from_memory():
    stream, follower = open_stream(), Follower()
    stream.advance([event(seq) for seq in range(1, 6)])
    assert stream.attach(follower, 2)
    stream.advance([event(6)])
    stream.flush()
    assert follower.seen == [3, 4, 5, 6]


def test_a_subscriber_too_far_behind_for_memory_must_read_the_log_first():
    stream, follower = open_stream(), Follower()
    stream.advance([event(seq) for seq in range(1, RECENT_EVENTS + 3)])
    assert not stream.attach(follower, 1)
    stream.flush()
    assert (follower.seen, stream.subscribers()) == ([], ())
    assert stream.attach(follower, 2)
    stream.flush()
    assert follower.seen == list(range(3, RECENT_EVENTS + 3))


def test_a_revocation_ends_that_users_subscriptions_before_anything_later_is_delivered():
    stream, leaving, staying = open_stream(), Follower(), Follower()
    stream.attach(leaving, 0)
    stream.attach(staying, 0)
    stream.advance([event(1), revocation(2, leaving.user_id), event(3)])
    stream.flush()
    assert (leaving.seen, leaving.revoked) == ([1], [TOPIC])
    assert (staying.seen, staying.revoked) == ([1, 2, 3], [])


def test_a_revocation_in_what_a_subscriber_catches_up_with_ends_it_too():
    stream, follower = open_stream(), Follower()
    stream.advance([event(1), revocation(2, follower.user_id), event(3)])
    assert stream.attach(follower, 0)
    stream.flush()
    assert (follower.seen, follower.revoked, stream.subscribers()) == ([1], [TOPIC], ())


def test_a_revocation_before_a_subscribers_position_does_not_concern_it():
    stream, follower = open_stream(), Follower()
    stream.attach(follower, 2)
    stream.advance([event(1), revocation(2, follower.user_id), event(3)])
    stream.flush()
    assert (follower.seen, follower.revoked) == ([3], [])


def test_a_detached_subscriber_sees_nothing_more_and_an_unheld_stream_is_idle():
    stream, follower = open_stream(), Follower()
    stream.attach(follower, 0)
    stream.advance([event(1)])
    stream.flush()
    stream.detach(follower)
    stream.advance([event(2)])
    stream.flush()
    assert follower.seen == [1]
    assert stream.idle


def test_events_that_the_log_no_longer_has_make_every_subscriber_resume():
    stream, follower = open_stream(), Follower()
    stream.attach(follower, 0)
    stream.skip_to(10)
    assert follower.resumes == 1


def test_a_review_takes_every_follower_out_of_the_run_and_those_who_asked_behind_it_stay():
    stream, follower, newer = open_stream(), Follower(), Follower()
    stream.attach(follower, 0)
    stream.attach(newer, 2)
    review = LoggedEvent(TOPIC, 2, "access.reviewed", b"{}")
    stream.advance([event(1), review, event(3)])
    stream.flush()
    assert (follower.seen, follower.reviewed) == ([1], [(TOPIC, 2)])
    assert (newer.seen, newer.reviewed, stream.subscribers()) == ([3], [], (newer,))
    assert stream.attach(follower, 2)
    assert follower.seen == [1, 3]
