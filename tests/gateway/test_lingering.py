"""Topics that nobody follows any more wait for those who were cut off: for so long, and only so many."""

from __future__ import annotations

import pytest

from eventlog.topics import Topic
from gateway.lingering import Lingering
from tests.metrics import growth_of

FIRST, SECOND, THIRD, FOURTH = (Topic(f"room:{number}") for number in range(4))


@pytest.fixture
def too_many():
    return growth_of("portcullis_limit_hits_total", limit="lingering.topics")


def test_a_topic_waits_for_so_long_since_it_was_left_last_and_time_alone_is_no_limit(too_many):
    lingering = Lingering(seconds=60.0)
    lingering.add(FIRST, 0.0)
    lingering.add(SECOND, 10.0)
    lingering.add(FIRST, 20.0)
    assert [lingering.take_due(now) for now in (69.9, 70.0, 79.9, 80.0)] == [[], [SECOND], [], [FIRST]]
    assert (len(lingering), too_many()) == (0, 0)


def test_somebody_who_comes_back_ends_the_waiting():
    lingering = Lingering(seconds=60.0)
    lingering.add(FIRST, 0.0)
    lingering.discard(FIRST)
    lingering.discard(SECOND)
    assert (len(lingering), lingering.take_due(1_000.0)) == (0, [])


def test_of_too_many_those_that_were_left_first_go_and_each_is_counted(too_many):
    lingering = Lingering(seconds=60.0, limit=2)
    for now, topic in enumerate((FIRST, SECOND, THIRD, FOURTH)):
        lingering.add(topic, float(now))
    assert lingering.take_due(4.0) == [FIRST, SECOND]
    assert (len(lingering), lingering.take_due(4.0), too_many()) == (2, [], 2)
