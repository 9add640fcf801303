"""What a run of ours is prepared with, in bulk: it must be what the product itself would have made."""

from __future__ import annotations

import asyncio

import pytest

from accounts.authentication import actor_of_access_token
from bench import prepare
from bench.load import filled_length
from chat.actions.rooms import create_room
from chat.constants import ChatPermission
from chat.policies import get_room_for
from eventlog.replay import read_events
from eventlog.topics import Topic
from kernel.actor import SYSTEM
from kernel.ids import RoomId


@pytest.mark.django_db
def test_everybody_gets_a_token_that_proves_who_they_are():
    people = prepare.import_people(range(3))
    tokens = prepare.new_tokens(people)
    found = [actor_of_access_token(token).actor.user_id for token in tokens]
    assert found == [people[f"bench{number:05}"].pk for number in range(3)]


@pytest.mark.django_db
def test_who_comes_back_has_the_session_of_before_and_others_their_own():
    first, second = [prepare.import_people(range(*numbers)) for numbers in ((0, 2), (1, 3))]
    before, after = [
        [actor_of_access_token(token).actor for token in prepare.new_tokens(people)] for people in (first, second)
    ]
    assert [actor.user_id for actor in before + after] == [
        people[name].pk
        for people, names in ((first, ("bench00000", "bench00001")), (second, ("bench00001", "bench00002")))
        for name in names
    ]
    assert before[1].session_id == after[0].session_id
    assert len({actor.session_id for actor in before + after}) == 3


@pytest.mark.django_db
def test_rooms_are_logged_as_one_that_the_action_makes_and_members_may_write_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prepare, "BATCH", 2)
    people = prepare.import_people(range(1))
    community = prepare._community(list(people.values()))
    usual = str(create_room(SYSTEM, community_id=community, name="Room").id)
    rooms = prepare._rooms(community, 3)
    actor = actor_of_access_token(prepare.new_tokens(people)[0]).actor
    assert len(set(rooms)) == 3
    for room in rooms:
        assert get_room_for(actor, RoomId(room), ChatPermission.SEND_MESSAGE).name.startswith("Room ")
        assert _types(f"room:{room}") == _types(f"room:{usual}")
    assert _types(f"community:{community}").count("rooms.changed") == 4
    assert prepare._head(rooms) == 1


@pytest.mark.django_db
def test_what_another_process_rings_has_a_place_for_all_that_differs_between_messages():
    people = prepare.import_people(range(1))
    room = prepare._rooms(prepare._community(list(people.values())), 1)[0]
    channel, ring = asyncio.run(prepare._captured_ring(room, people["bench00000"]))
    assert room in channel
    assert [ring.count(name) for name in (b"{stamp}", b"{nonce}", b"{seq8}")] == [1, 1, 1]
    assert filled_length(ring) > 400


def _types(topic: str) -> list[str]:
    return [event.type for event in read_events(Topic(topic), after=0, limit=100)]
