"""What is around answers tells no more than they do: methods, headers, conditions, and what lists can be searched and walked by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from django.test import Client

from kernel.ids import uuid7
from tests.authorisation.people import try_out
from tests.leaks.asking import ask, path_of, seen_in, without_ids
from tests.leaks.finding import found_in
from tests.leaks.knowledge import HALL, NEVER, PUT_OUT, SHUT_OUT, VAULT
from tests.leaks.person import Person
from tests.leaks.rest_table import ROOM, THINGS
from tests.leaks.world import World

pytestmark = pytest.mark.xdist_group("leaks")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CONDITIONS = {"If-None-Match": "*", "If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 GMT", "Accept-Encoding": "gzip"}
_ROOMS = "GET /api/v1/communities/<uuid:community_id>/rooms"


def patterns() -> Iterator[tuple[str, bool, set[str]]]:
    """Every address, whether it is about rooms, and the methods that it knows."""
    for pattern in sorted({route.partition(" ")[2] for route in THINGS}):
        known = {method for method in METHODS if f"{method} {pattern}" in THINGS}
        yield pattern, THINGS[f"{min(known)} {pattern}"].about == ROOM, known


def test_the_whole_server_answers_about_the_forbidden_with_what_it_answers_about_nothing(world: World) -> None:
    wrong = []
    place, client = world.open_place, Client()
    for pattern, is_about_rooms, known in patterns():
        person = world.people[SHUT_OUT if is_about_rooms else NEVER]
        ids = place.ids | (place.rooms[VAULT] if is_about_rooms else {})
        unknown = next(method for method in ("TRACE", *METHODS) if method not in known)
        asked = ["OPTIONS", unknown, *(("GET", "HEAD") if "GET" in known else ())]
        nothing = {name: str(uuid7()) for name in ids}
        for method in asked:
            answers = [_whole_answer(client, method, pattern, which, person) for which in (ids, nothing)]
            if answers[0] != answers[1]:
                wrong.append(f"{method} {pattern}: {answers}")
    assert wrong == []


def _whole_answer(client: Client, method: str, pattern: str, ids: dict[str, str], person: Person) -> tuple[int, bytes]:
    answer = try_out(client, method, path_of(pattern, ids), None, person.headers | CONDITIONS)
    return answer.status_code, without_ids(seen_in(answer), ids)


@pytest.mark.parametrize(("state", "hidden"), [(SHUT_OUT, VAULT), (PUT_OUT, HALL)])
def test_a_list_is_neither_searched_nor_walked_by_what_it_does_not_show(world: World, state: str, hidden: str) -> None:
    place, person = world.open_place, world.people[state]
    for text in [text for text, kind in place.texts.items() if kind == hidden]:
        searched, for_nothing = (ask(_ROOMS, place.ids, person, f"?search={one}") for one in (text, "nothing-is-so"))
        assert searched.seen == for_nothing.seen
    for sort in ("name", "-name", "created_at", "-created_at"):
        for page in _pages(person, place.ids, sort):
            assert found_in(page, world.unknown_to(person)) == []


def _pages(person: Person, ids: dict[str, str], sort: str) -> Iterator[bytes]:
    cursor = ""
    while cursor is not None:
        answer = ask(_ROOMS, ids, person, f"?limit=1&sort={sort}{cursor and f'&cursor={cursor}'}")
        yield answer.seen
        cursor = json.loads(answer.seen.partition(b"\n")[2])["next"]


def test_a_cursor_of_somebody_else_shows_what_one_sees_oneself(world: World) -> None:
    place, owner, person = world.open_place, world.people["owner"], world.people[SHUT_OUT]
    cursors = [re.search(rb'"next":"([^"]+)"', page) for page in _pages(owner, place.ids, "name")]
    for cursor in [found[1].decode() for found in cursors if found]:
        answer = ask(_ROOMS, place.ids, person, f"?sort=name&cursor={cursor}")
        assert (answer.status, found_in(answer.seen, world.unknown_to(person))) == (200, [])
