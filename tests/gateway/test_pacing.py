"""When a topic's events are flushed: at once when idle, in larger bursts under load, never held back for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.pacing import LONGEST_GATHERING_SECONDS, Pacer


def test_the_first_event_of_an_idle_topic_goes_out_at_once():
    assert Pacer().wait(1, now=100.0) == 0.0


def test_a_single_event_behind_a_single_one_goes_out_at_once_however_long_the_last_flush_took():
    pacer = Pacer()
    pacer.flushed(1, started=0.0, ended=0.01)
    assert pacer.wait(1, now=0.0101) == 0.0


def test_after_a_burst_fewer_events_wait_for_the_others_as_long_as_the_burst_took():
    pacer = Pacer()
    pacer.flushed(8, started=1.0, ended=1.004)
    assert round(pacer.wait(3, now=1.005), 6) == 0.003
    assert pacer.wait(8, now=1.005) == 0.0
    assert pacer.wait(3, now=1.009) == 0.0


@given(st.integers(1, 1000), st.floats(0, 10), st.floats(0, 10), st.integers(1, 1000), st.floats(0, 10))
def test_no_event_waits_longer_than_the_limit(size, started, took, gathered, later):
    pacer = Pacer()
    pacer.flushed(size, started, started + took)
    assert 0.0 <= pacer.wait(gathered, started + took + later) <= LONGEST_GATHERING_SECONDS + 1e-9
