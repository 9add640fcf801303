"""The roster with a clock of the test: grace, idleness, and that what it tells equals a plain model after any run of events."""

from __future__ import annotations

from collections.abc import Sized

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.presence.roster import Change, Roster
from kernel.ids import UserId, uuid7

ANN, BEN = UserId(uuid7()), UserId(uuid7())
IDLE, OFFLINE = 300.0, 30.0


def new_roster() -> Roster:
    return Roster(idle_after=IDLE, offline_after=OFFLINE)


def tell(roster: Roster) -> list[tuple[UserId, bool | None]]:
    changes = roster.take_changes(100)
    roster.told(changes)
    return [(change.user_id, change.active) for change in changes]


def test_a_new_user_is_told_once_with_their_preference_however_many_devices_they_have():
    roster = new_roster()
    roster.open(ANN, 0)
    roster.open(ANN, 0)
    changes = roster.take_changes(100)
    assert changes == [Change(ANN, active=True, preference_due=True)]
    roster.told(changes)
    roster.open(ANN, 1)
    assert not tell(roster)


def test_a_device_is_idle_after_five_minutes_without_use_and_wakes_when_it_is_used():
    roster = new_roster()
    device = roster.open(ANN, 0)
    tell(roster)
    roster.use(device, 100)
    roster.pass_time(399)
    assert tell(roster) == []
    roster.pass_time(400)
    assert tell(roster) == [(ANN, False)]
    roster.use(device, 500)
    assert tell(roster) == [(ANN, True)]
    roster.pass_time(800)
    assert tell(roster) == [(ANN, False)]


def test_one_device_in_use_is_enough():
    roster = new_roster()
    phone, _laptop = roster.open(ANN, 0), roster.open(ANN, 0)
    tell(roster)
    roster.rest(phone)
    assert tell(roster) == []
    roster.pass_time(IDLE)
    assert tell(roster) == [(ANN, False)]


def test_who_comes_back_within_the_time_of_grace_never_went():
    roster = new_roster()
    roster.close(roster.open(ANN, 0), 10)
    assert tell(roster) == [(ANN, True)]
    roster.pass_time(39)
    roster.open(ANN, 39.5)
    roster.pass_time(100)
    assert tell(roster) == []


def test_who_does_not_come_back_is_gone_after_the_time_of_grace_and_not_before():
    roster = new_roster()
    device = roster.open(ANN, 0)
    tell(roster)
    roster.close(device, 10)
    roster.close(device, 20)
    roster.pass_time(39.9)
    assert tell(roster) == []
    roster.pass_time(40)
    assert tell(roster) == [(ANN, None)]
    roster.pass_time(1_000)
    assert tell(roster) == []


def test_a_user_who_came_and_went_before_anything_was_told_is_never_told():
    roster = new_roster()
    roster.close(roster.open(ANN, 0), 0)
    roster.pass_time(OFFLINE)
    assert tell(roster) == []


def test_what_could_not_be_told_is_told_the_next_time_as_it_is_then():
    roster = new_roster()
    device = roster.open(ANN, 0)
    roster.give_back(roster.take_changes(100))
    roster.rest(device)
    assert roster.take_changes(100) == [Change(ANN, active=False, preference_due=True, again=True)]


def test_who_goes_after_a_telling_of_which_nobody_knows_whether_it_arrived_is_told_to_be_gone():
    roster = new_roster()
    device = roster.open(ANN, 0)
    roster.give_back(roster.take_changes(100))
    roster.close(device, 0)
    roster.pass_time(OFFLINE)
    gone = roster.take_changes(100)
    assert gone == [Change(ANN, None, preference_due=False, again=True)]
    roster.give_back(gone)
    assert tell(roster) == [(ANN, None)]
    assert tell(roster) == []
    assert roster._told == {}


def test_a_doubted_preference_is_due_for_who_is_here_alone():
    roster = new_roster()
    roster.open(ANN, 0)
    tell(roster)
    roster.doubt_preference(ANN)
    roster.doubt_preference(BEN)
    assert roster.take_changes(100) == [Change(ANN, active=True, preference_due=True)]


def test_everybody_is_told_again_when_it_was_forgotten():
    roster = new_roster()
    roster.open(ANN, 0)
    gone = roster.open(BEN, 0)
    tell(roster)
    roster.close(gone, 0)
    roster.pass_time(OFFLINE)
    roster.forget_told()
    assert roster.take_changes(100) == [Change(ANN, active=True, preference_due=True)]


def test_no_more_is_taken_than_asked_for_and_the_rest_stays_due():
    roster = new_roster()
    roster.open(ANN, 0)
    roster.open(BEN, 0)
    assert [change.user_id for change in roster.take_changes(1)] == [ANN]
    assert roster.due
    assert [change.user_id for change in roster.take_changes(1)] == [BEN]


def test_who_has_gone_for_good_leaves_nothing_behind_however_long_idleness_takes():
    roster = new_roster()
    for number in range(20):
        device = roster.open(UserId(uuid7()), number)
        if number % 2:
            tell(roster)
        roster.close(device, number)
    staying = roster.open(ANN, 20)
    roster.pass_time(19 + OFFLINE)
    tell(roster)
    assert {name: len(kept) for name, kept in vars(roster).items() if isinstance(kept, Sized) and kept} == {
        "_devices": 1,
        "_in_use": 1,
        "_told": 1,
    }
    roster.rest(staying)
    assert list(roster._in_use) == []
    assert tell(roster) == [(ANN, False)]


class Model:
    """What the roster must say, found out by looking at everything that ever happened."""

    def __init__(self) -> None:
        self.devices: list[dict] = []

    def active(self, now: float) -> bool | None:
        there = [d for d in self.devices if d["gone"] is None or now < d["gone"] + OFFLINE]
        if not there:
            return None
        return any(not d["rests"] and now < d["used"] + IDLE for d in there)


steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "close", "use", "rest", "tell", "wait"]), st.integers(0, 3), st.integers(0, 200)
    ),
    max_size=60,
)


@settings(max_examples=300)
@given(steps)
def test_after_any_run_of_events_what_was_told_is_what_a_plain_model_says(steps):
    roster, model, now, told = new_roster(), Model(), 0.0, None
    devices = []
    for step, which, seconds in steps:
        index = which % len(devices) if devices else None
        if step == "open":
            devices.append(roster.open(ANN, now))
            model.devices.append({"used": now, "gone": None, "rests": False})
        elif step == "wait":
            now += seconds
            roster.pass_time(now)
        elif step == "tell":
            told = next((active for _, active in tell(roster)), told)
            assert told == model.active(now)
        elif index is not None and model.devices[index]["gone"] is None:
            if step == "close":
                roster.close(devices[index], now)
                model.devices[index]["gone"] = now
            elif step == "use":
                roster.use(devices[index], now)
                model.devices[index] |= {"used": now, "rests": False}
            else:
                roster.rest(devices[index])
                model.devices[index]["rests"] = True
    roster.pass_time(now)
    told = next((active for _, active in tell(roster)), told)
    assert told == model.active(now)
