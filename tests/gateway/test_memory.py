"""The newest events of topics in memory: an unbroken run up to the cursor, or nothing, within the budget of the process."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.events import SessionRevoked
from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessReviewed, AccessRevoked
from eventlog.topics import Topic
from gateway.memory import PREPARED_RUNS, RECENT_BYTES, RECENT_EVENTS, Memories, Memory, Missed, delivery_of
from kernel.ids import SessionId, uuid7
from tests.gateway.followers import Follower
from tests.metrics import growth_of

TOPIC = Topic("room:01900000-0000-7000-8000-000000000001")
OTHER = Topic("room:01900000-0000-7000-8000-000000000002")


def numbered(seq: int, *, size: int = 2):
    return delivery_of(LoggedEvent(TOPIC, seq, "tests.numbered", b'"' + b"x" * (size - 2) + b'"'))


def control(seq: int, type_: str, body):
    return delivery_of(LoggedEvent(TOPIC, seq, type_, msgspec.json.encode(body)))


def memory_of(*seqs: int, memories: Memories | None = None) -> Memory:
    memory = Memory(TOPIC, memories or Memories())
    for seq in seqs:
        memory.add(numbered(seq))
    return memory


def seqs_after(memory: Memory, position: int) -> list[int] | None:
    missed = memory.after(position)
    return [one.seq for one in missed.deliveries] if missed else None


def test_what_came_after_a_position_is_told_as_far_back_as_it_is_known():
    memory = memory_of(4, 5, 6)
    assert [seqs_after(memory, position) for position in (2, 3, 4, 5, 6)] == [None, [4, 5, 6], [5, 6], [6], None]


@pytest.mark.parametrize("size", [2, 4_000])
def test_only_so_many_events_and_bytes_are_kept(size):
    memory, memories = None, Memories()
    memory = Memory(TOPIC, memories)
    for seq in range(1, RECENT_EVENTS + 3):
        memory.add(numbered(seq, size=size))
    kept = [seq for seq in range(RECENT_EVENTS + 2) if memory.after(seq)]
    assert kept[-1] == RECENT_EVENTS + 1
    assert len(kept) == RECENT_EVENTS if size == 2 else len(kept) < RECENT_EVENTS
    assert memory.size == memories.used <= RECENT_BYTES


@given(st.integers(0, 20), st.integers(1, 20), st.integers(0, 10), st.integers(0, 20))
def test_older_events_are_taken_only_where_they_reach_up_to_what_is_there(start, length, remembered, missing):
    """The run never has a gap and always ends at the cursor."""
    cursor = 40
    memory = memory_of(*range(cursor - remembered + 1, cursor + 1))
    last = min(start + length, cursor + 3) if missing else cursor - remembered
    older = [numbered(seq) for seq in range(start + 1, last + 1)]
    if not older:
        return
    memory.put_before(older, cursor)
    known = [position for position in range(cursor) if memory.after(position)]
    reaches_up = last >= cursor - remembered
    first = min(start, cursor - remembered) if reaches_up else cursor - remembered
    assert known == list(range(first, cursor))
    assert all(seqs_after(memory, position) == list(range(position + 1, cursor + 1)) for position in known)


def test_no_more_older_events_are_taken_than_there_is_room_for():
    memory = memory_of()
    memory.put_before([numbered(seq) for seq in range(1, 301)], 300)
    assert memory.after(300 - RECENT_EVENTS - 1) is None
    assert seqs_after(memory, 300 - RECENT_EVENTS) == list(range(301 - RECENT_EVENTS, 301))


def test_over_the_budget_of_the_process_the_topic_that_heard_nothing_for_longest_forgets():
    memories = Memories(budget=3 * len(numbered(1, size=1_000).frame.json))
    forgot = growth_of("portcullis_limit_hits_total", limit="memory.bytes")
    first, second, third = (Memory(topic, memories) for topic in (TOPIC, OTHER, TOPIC))
    for memory in (first, second, third):
        memory.add(numbered(1, size=1_000))
    first.add(numbered(2))
    assert (second.after(0), second.size, forgot()) == (None, 0, 1)
    assert (seqs_after(first, 0), seqs_after(third, 0)) == ([1, 2], [1])
    assert memories.used == first.size + third.size
    for memory in (first, third):
        memory.clear()
    assert memories.used == 0


def test_a_topic_that_is_over_the_budget_alone_forgets_everything_and_begins_anew():
    memories = Memories(budget=500)
    memory = memory_of(1, memories=memories)
    memory.add(numbered(2, size=1_000))
    memory.put_before([numbered(1, size=1_000)], 2)
    assert (memory.after(0), memory.after(1), memories.used) == (None, None, 0)
    memory.add(numbered(3))
    assert seqs_after(memory, 2) == [3]


def test_all_who_lack_the_same_are_given_the_same_encoded_burst():
    memory = memory_of(1, 2, 3)
    assert memory.after(1) is memory.after(1)
    before = memory.after(1)
    memory.add(numbered(4))
    assert memory.after(1) is not before
    assert seqs_after(memory, 1) == [2, 3, 4]


def test_only_so_many_runs_are_kept_prepared_and_those_of_a_topic_go_with_its_memory():
    memories = Memories()
    too_many = growth_of("portcullis_limit_hits_total", limit="memory.prepared_runs")
    memory, other = memory_of(*range(1, PREPARED_RUNS + 6), memories=memories), Memory(OTHER, memories)
    other.add(numbered(1))
    first = memory.after(0)
    for position in range(1, PREPARED_RUNS + 3):
        memory.after(position)
    assert (len(memories._prepared), too_many()) == (PREPARED_RUNS, 3)
    assert memory.after(0) is not first
    kept = other.after(0)
    memory.clear()
    assert list(memories._prepared.values()) == [kept]
    other.clear()
    assert (memories._prepared, memories.used) == ({}, 0)


def test_what_ends_subscriptions_or_sessions_is_given_to_each_by_itself():
    leaving, staying = Follower(), Follower()
    session = SessionRevoked(session=SessionId(uuid7()))
    run = [
        numbered(1),
        control(2, "session.revoked", session),
        control(3, "access.revoked", AccessRevoked(user=leaving.user_id)),
        numbered(4),
    ]
    missed = Missed(TOPIC, run)
    assert (missed.give(leaving), missed.give(staying)) == (False, True)
    assert (leaving.seen, leaving.revoked) == ([1, 2], [TOPIC])
    assert (staying.seen, staying.revoked) == ([1, 2, 3, 4], [])
    assert missed.losers == {leaving.user_id}


def test_a_review_stops_everybody_at_its_number():
    follower = Follower()
    missed = Missed(TOPIC, [numbered(1), control(2, "access.reviewed", AccessReviewed()), numbered(3)])
    assert missed.give(follower) is False
    assert (follower.seen, follower.reviewed, missed.is_reviewed) == ([1], [(TOPIC, 2)], True)


def test_a_large_run_is_given_in_parts():
    follower = Follower()
    missed = Missed(TOPIC, [numbered(seq, size=100_000) for seq in range(1, 7)])
    parts = [len(follower.seen) for _ in missed.give_in_parts(follower)]
    assert parts == [3, 6]
