"""Windows: who looks at a user hears of them, nobody else, and only of what is new. Checked against a plain model too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventlog.topics import Topic
from gateway.presence.statuses import OFFLINE, Presence, ShownStatus, Sighting
from gateway.presence.windows import Windows
from kernel.ids import UserId, uuid7

HARBOUR, ISLAND = Topic("community:harbour"), Topic("community:island")
ANN, BEN, CAT = (UserId(uuid7()) for _ in range(3))
ONLINE, AWAY = Presence(ShownStatus.ONLINE), Presence(ShownStatus.IDLE)


def open_window(windows: Windows[str], viewer: str, topic: Topic, *users: UserId) -> None:
    assert windows.open(windows.prepare(viewer, topic, users), users)


def heard(windows: Windows[str], *sightings: Sighting) -> list[tuple[UserId, str, Topic]]:
    return sorted(
        (sighting.user_id, window.viewer, window.topic)
        for sighting, changed in windows.see(sightings)
        for window in changed
    )


def test_only_who_looks_at_a_user_hears_of_them():
    windows = Windows[str]()
    open_window(windows, "v1", HARBOUR, ANN, BEN)
    open_window(windows, "v2", ISLAND, BEN)
    assert heard(windows, Sighting(ANN, 1, ONLINE)) == [(ANN, "v1", HARBOUR)]
    assert heard(windows, Sighting(BEN, 1, ONLINE)) == [(BEN, "v1", HARBOUR), (BEN, "v2", ISLAND)]
    assert heard(windows, Sighting(CAT, 1, ONLINE)) == []


def test_what_is_older_or_the_same_is_not_told():
    windows = Windows[str]()
    open_window(windows, "v", HARBOUR, ANN)
    assert heard(windows, Sighting(ANN, 5, ONLINE))
    assert heard(windows, Sighting(ANN, 4, OFFLINE), Sighting(ANN, 5, AWAY)) == []
    assert heard(windows, Sighting(ANN, 6, ONLINE)) == []
    assert windows.version(ANN) == 6


def test_a_correction_counts_whatever_its_version():
    windows = Windows[str]()
    open_window(windows, "v", HARBOUR, ANN)
    heard(windows, Sighting(ANN, 5, ONLINE))
    assert [sighting.presence for sighting, _ in windows.correct(Sighting(ANN, 0, OFFLINE))] == [OFFLINE]
    assert windows.presence(ANN) == OFFLINE


def test_a_window_that_is_not_open_yet_hears_nothing_but_remembers_what_is_seen():
    windows = Windows[str]()
    window = windows.prepare("v", HARBOUR, [ANN])
    assert heard(windows, Sighting(ANN, 1, ONLINE)) == []
    assert windows.open(window, [ANN])
    assert windows.presence(ANN) == ONLINE


def test_who_may_not_be_seen_and_who_was_removed_meanwhile_are_not_in_the_window():
    windows = Windows[str]()
    window = windows.prepare("v", HARBOUR, [ANN, BEN, CAT])
    windows.remove(HARBOUR, BEN)
    windows.remove(ISLAND, ANN)
    assert windows.open(window, [ANN, BEN])
    assert window.users == {ANN}
    assert windows.watched() == [ANN]


def test_a_new_window_takes_the_place_of_the_one_before_and_what_is_known_stays_known():
    windows = Windows[str]()
    open_window(windows, "v", HARBOUR, ANN, BEN)
    heard(windows, Sighting(ANN, 1, ONLINE), Sighting(BEN, 1, ONLINE))
    open_window(windows, "v", HARBOUR, BEN, CAT)
    assert heard(windows, Sighting(ANN, 2, AWAY)) == []
    assert windows.presence(BEN) == ONLINE
    assert windows.unseen([ANN, BEN, CAT]) == [ANN, CAT]


def test_a_window_that_was_closed_or_replaced_cannot_be_opened():
    windows = Windows[str]()
    first = windows.prepare("v", HARBOUR, [ANN])
    second = windows.prepare("v", HARBOUR, [BEN])
    assert not windows.open(first, [ANN])
    windows.discard(first)
    assert windows.of("v") == {HARBOUR}
    windows.close("v", HARBOUR)
    assert not windows.open(second, [BEN])
    assert not windows
    assert windows.watched() == []


def test_nothing_is_left_of_a_viewer_who_is_gone():
    windows = Windows[str]()
    open_window(windows, "v", HARBOUR, ANN)
    open_window(windows, "v", ISLAND, ANN, BEN)
    windows.close_all("v")
    windows.close_all("nobody")
    assert (bool(windows), windows.watched(), windows.unseen([ANN])) == (False, [], [ANN])


users, viewers, topics = st.sampled_from([ANN, BEN, CAT]), st.sampled_from("vw"), st.sampled_from([HARBOUR, ISLAND])
acts = st.lists(
    st.one_of(
        st.tuples(st.just("watch"), viewers, topics, st.frozensets(users)),
        st.tuples(st.just("close"), viewers, topics, st.none()),
        st.tuples(st.just("gone"), viewers, st.none(), st.none()),
        st.tuples(st.just("remove"), users, topics, st.none()),
    ),
    max_size=25,
)


@given(acts)
def test_after_any_run_of_acts_exactly_those_hear_of_a_user_who_look_at_them(acts):
    windows, model = Windows[str](), dict[tuple[str, Topic], set[UserId]]()
    for act, who, topic, watched in acts:
        if act == "watch":
            open_window(windows, who, topic, *watched)
            model[who, topic] = set(watched)
        elif act == "close":
            windows.close(who, topic)
            model.pop((who, topic), None)
        elif act == "gone":
            windows.close_all(who)
            model = {key: value for key, value in model.items() if key[0] != who}
        else:
            windows.remove(topic, who)
            for key, value in model.items():
                if key[1] == topic:
                    value.discard(who)
    expected = sorted((user, *key) for key, watched in model.items() for user in watched)
    assert heard(windows, *(Sighting(user, 1, ONLINE) for user in (ANN, BEN, CAT))) == expected
    assert set(windows.watched()) == {user for user, *_ in expected}
    assert bool(windows) == bool(model)
