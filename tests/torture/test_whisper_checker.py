"""The judge of what is not numbered: it acquits what was for its hearer or was lost, and finds each thing that was not."""

from __future__ import annotations

import pytest

from tests.torture.history import NEVER, History, Removal, View
from tests.torture.whisper_checker import FRESH_SECONDS, SPOKEN_OFTEN, of_whispers
from tests.torture.whispers import Portrait, Typing, Whisper

ROOM, COMMUNITY = "room:1", "community:1"
ANN, BEN, CLEO, MALLORY = "ann", "ben", "cleo", "mallory"
LONG_AGO = 100.0 - 2 * FRESH_SECONDS


def view(history: History, user: str, topic: str) -> View:
    """Return the only view of a user's only device."""
    made = View(f"{user}/1", user, topic)
    history.views.append(made)
    return made


def typed(history: History, at: float, user: str = ANN) -> None:
    history.typings.append(Typing(user, ROOM, at))


def heard_typing(of: View, at: float, user: str = ANN, *, invited: bool = True) -> None:
    of.whispers.append(Whisper(at, "typing.started", user, invited))


def portrayed(history: History, at: float, user: str = ANN, text: str = "t") -> None:
    history.portraits[text] = Portrait(user, text, at)


def saw(of: View, at: float, user: str = ANN, text: str = "t", *, invited: bool = True) -> None:
    of.whispers.append(Whisper(at, "presence.changed", user, invited, text))


def removed(history: History, user: str, *topics: str, back_at: float = 110.0) -> None:
    """Somebody is removed, and that has returned at 100."""
    history.removals.append(Removal(user, frozenset(topics), 99.0, 100.0, back_at, back_at + 1))


def found(history: History) -> list[str]:
    return [violation.kind for violation in of_whispers(history)]


@pytest.fixture
def history() -> History:
    return History()


def test_what_was_for_its_hearer_is_clean_and_so_is_what_was_lost(history: History) -> None:
    room, community = view(history, BEN, ROOM), view(history, BEN, COMMUNITY)
    removed(history, BEN, ROOM, COMMUNITY)
    for at in (90.0, 91.0, 111.5):
        typed(history, at)
        portrayed(history, at, text=f"t{at}")
    heard_typing(room, 90.1)
    heard_typing(room, 111.6)
    saw(community, 90.1, text="t90.0")
    saw(community, 112.0, text="t91.0")
    saw(community, 112.1, text="")
    assert found(history) == []


def test_typing_that_reaches_somebody_after_their_removal_returned_is_found(history: History) -> None:
    room = view(history, BEN, ROOM)
    removed(history, BEN, ROOM)
    typed(history, LONG_AGO)
    typed(history, 100.5)
    heard_typing(room, 100.6)
    assert found(history) == ["after a removal returned"]


def test_typing_that_may_have_been_on_its_way_when_the_removal_returned_is_not_held_against_anybody(
    history: History,
) -> None:
    room = view(history, BEN, ROOM)
    removed(history, BEN, ROOM)
    typed(history, 99.9)
    typed(history, 100.5)
    heard_typing(room, 100.6)
    assert found(history) == []


@pytest.mark.parametrize("lost", [(BEN, COMMUNITY), (ANN, COMMUNITY)])
def test_a_portrait_of_after_a_removal_that_is_seen_by_or_of_the_removed_is_found(
    history: History, lost: tuple[str, str]
) -> None:
    community = view(history, BEN, COMMUNITY)
    removed(history, *lost)
    portrayed(history, 100.5)
    saw(community, 100.7)
    assert found(history) == ["after a removal returned"]


def test_somebody_who_was_never_let_in_again_is_still_removed(history: History) -> None:
    community = view(history, BEN, COMMUNITY)
    removed(history, BEN, COMMUNITY, back_at=NEVER)
    portrayed(history, 500.0)
    saw(community, 500.1)
    assert found(history) == ["after a removal returned"]


def test_the_removal_of_somebody_else_and_from_elsewhere_is_no_reason(history: History) -> None:
    community = view(history, BEN, COMMUNITY)
    removed(history, CLEO, COMMUNITY)
    removed(history, BEN, ROOM)
    portrayed(history, 100.5)
    saw(community, 100.7)
    assert found(history) == []


def test_what_is_heard_without_following_or_looking_is_found(history: History) -> None:
    room, community = view(history, BEN, ROOM), view(history, BEN, COMMUNITY)
    typed(history, 90.0)
    portrayed(history, 90.0)
    heard_typing(room, 90.1, invited=False)
    saw(community, 90.1, invited=False)
    assert found(history) == ["uninvited", "uninvited"]


def test_what_nobody_whispered_is_found(history: History) -> None:
    room, community = view(history, BEN, ROOM), view(history, BEN, COMMUNITY)
    typed(history, 90.0)
    portrayed(history, 90.0, text="t")
    heard_typing(room, 89.0)
    heard_typing(room, 91.0, CLEO)
    saw(community, 91.0, CLEO, text="t")
    saw(community, 91.0, ANN, text="never chosen")
    assert found(history) == ["whispered by nobody"] * 4


def test_who_hears_that_they_type_themselves_is_found(history: History) -> None:
    room = view(history, ANN, ROOM)
    typed(history, 90.0)
    heard_typing(room, 90.1)
    assert found(history) == ["heard oneself"]


def test_anything_that_an_outsider_hears_is_found(history: History) -> None:
    outside = View("mallory", MALLORY, ROOM)
    history.outsiders.append(outside)
    typed(history, 90.0)
    heard_typing(outside, 90.1)
    assert found(history) == ["not a member"]


def test_a_run_in_which_nobody_ever_heard_anybody_type_proves_nothing(history: History) -> None:
    room = view(history, BEN, ROOM)
    for at in range(SPOKEN_OFTEN):
        typed(history, float(at))
    assert found(history) == ["never heard"]
    heard_typing(room, 0.1)
    assert found(history) == []
