"""What others see, worked out from what is known: the order of devices is nothing, and invisible looks exactly like offline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from accounts.constants import PreferredStatus
from accounts.events import CustomStatus
from gateway.presence.statuses import OFFLINE, Presence, Record, ShownStatus, Transition, presence_of, sightings_of
from kernel.ids import UserId, uuid7

customs = st.none() | st.builds(
    CustomStatus, text=st.sampled_from(["", "At sea"]), emoji=st.just("\u26f5"), expires_at=st.none()
)
records = st.builds(
    Record,
    version=st.integers(0, 9),
    processes=st.lists(st.booleans(), max_size=4).map(tuple),
    preferred=st.sampled_from(PreferredStatus),
    custom=customs,
)


@given(records, st.randoms())
def test_the_order_of_devices_is_nothing(record, random):
    processes = list(record.processes)
    random.shuffle(processes)
    shuffled = Record(record.version, tuple(processes), record.preferred, record.custom)
    assert presence_of(shuffled) == presence_of(record)


@given(records)
def test_a_user_is_shown_as_they_wish_while_they_are_there_and_else_as_their_devices_say(record):
    if not record.processes or record.preferred == "invisible":
        expected = OFFLINE
    elif record.preferred in ("idle", "dnd"):
        expected = Presence(ShownStatus(record.preferred), record.custom)
    else:
        expected = Presence(ShownStatus.ONLINE if True in record.processes else ShownStatus.IDLE, record.custom)
    assert presence_of(record) == expected


@given(records, records)
def test_nothing_that_somebody_invisible_does_is_told(before, after):
    user = UserId(uuid7())
    unseen = Record(before.version, before.processes, PreferredStatus.INVISIBLE, before.custom)
    gone = Record(after.version, (), after.preferred, after.custom)
    hidden = Record(after.version, after.processes, PreferredStatus.INVISIBLE, after.custom)
    assert sightings_of([Transition(user, unseen, hidden), Transition(user, unseen, gone)]) == []


@given(records, records)
def test_to_become_invisible_and_to_go_look_the_same(before, after):
    user = UserId(uuid7())
    gone = Record(after.version, (), after.preferred, after.custom)
    hidden = Record(after.version, after.processes, PreferredStatus.INVISIBLE, after.custom)
    assert sightings_of([Transition(user, before, gone)]) == sightings_of([Transition(user, before, hidden)])
