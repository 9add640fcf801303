"""What a client shows of others: only whom the server named, as it said last, and nobody who left."""

from __future__ import annotations

from tests.torture.onlooker import Onlooker
from tests.torture.whispers import Shown


def presence(user: str, status: str, text: str | None = None) -> dict[str, object]:
    return {"user": user, "status": status, "custom": None if text is None else {"text": text, "emoji": ""}}


def opened() -> Onlooker:
    onlooker = Onlooker(["ann", "ben"])
    onlooker.begin()
    onlooker.due = False
    onlooker.answered([presence("ann", "online", "here"), presence("ben", "offline")])
    return onlooker


def test_a_window_shows_the_answer_and_what_changes_in_it() -> None:
    onlooker = opened()
    assert onlooker.shown == {"ann": Shown("online", "here"), "ben": Shown("offline")}
    assert onlooker.sees(presence("ben", "online"))
    assert onlooker.shown == {"ann": Shown("online", "here"), "ben": Shown("online")}


def test_a_change_of_somebody_who_is_not_in_the_window_is_not_taken() -> None:
    onlooker = opened()
    assert not onlooker.sees(presence("cleo", "online"))
    onlooker.heed("member.removed", {"user": "ann"})
    assert not onlooker.sees(presence("ann", "online"))
    assert onlooker.shown == {"ben": Shown("offline")}


def test_who_comes_back_is_asked_for_again_and_who_is_not_wanted_is_not() -> None:
    onlooker = opened()
    onlooker.heed("member.joined", {"member": {"user": {"id": "cleo"}}})
    assert not onlooker.due
    onlooker.heed("member.joined", {"member": {"user": {"id": "ann"}}})
    assert onlooker.due


def test_nothing_is_shown_when_the_community_is_gone() -> None:
    onlooker = opened()
    onlooker.end()
    assert (onlooker.shown, onlooker.due) == ({}, False)
    assert not onlooker.sees(presence("ben", "online"))
