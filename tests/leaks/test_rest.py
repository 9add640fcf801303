"""Over REST each cell of the matrix gives the data or nothing: what is forbidden is answered with the bytes of what is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.test import Client

from communities.constants import CommunityVisibility
from kernel.ids import uuid7
from tests.authorisation.api_table import API
from tests.authorisation.people import try_out
from tests.leaks.finding import found_in
from tests.leaks.knowledge import ANONYMOUS, BANNED, CARD, INACTIVE, INNER, INSIDE, ROOMS, known_to
from tests.leaks.rest_table import BY_CODE, MINE, OF_THE_CALLER, PAGES, ROOM, THINGS, Row
from tests.leaks.world import Person, Place, World

CLIENT = Client()
"""One for all: a new one would load the middleware anew."""


class Cell(NamedTuple):
    """A question of one person about one thing: a route with the ids of what it names."""

    route: str
    row: Row
    person: Person
    place: Place
    ids: dict[str, str]

    @property
    def name(self) -> str:
        """Say which cell it is."""
        return f"{self.person.state} / {self.place.visibility} / {self.ids.get('kind', '')} / {self.route}"

    @property
    def known(self) -> set[str]:
        """What the person may know of the place."""
        return known_to(self.person.state, self.place.visibility)

    def kind(self, kind: str) -> str:
        """Return the kind that a row means here."""
        return self.ids["kind"] if kind == ROOM else kind


class Answer(NamedTuple):
    """All that reaches the client, without what differs between any two requests."""

    status: int
    seen: bytes


def cells(world: World) -> Iterator[Cell]:
    """Every route about something, by everybody; where it only acts, in the secret community alone."""
    for route, row in THINGS.items():
        for place in world.places:
            if not route.startswith("GET ") and place.visibility is not CommunityVisibility.SECRET:
                continue
            for ids in [place.ids | place.rooms[kind] for kind in ROOMS] if row.about == ROOM else [place.ids]:
                yield from (Cell(route, row, person, place, ids) for person in world.people.values())


def ask(cell: Cell, ids: dict[str, str], query: str = "") -> Answer:
    """Put the question with these ids, and undo what the answer did."""
    method, _, route = cell.route.partition(" ")
    path = re.sub(r"<\w+:(\w+)>", lambda found: ids[found[1]], route)
    body = API[cell.route].body
    sent = body(SimpleNamespace(ids=ids | {"mate_id": ids["user_id"]})) if body else None  # type: ignore[arg-type]
    answer = try_out(CLIENT, method, path + query, sent, cell.person.headers)
    return Answer(answer.status_code, without_ids(seen_in(answer), ids))


def seen_in(answer: Any) -> bytes:
    """Return the headers and the body of an answer, but for the request's own id."""
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
    request_id = answer.headers["X-Request-ID"].encode()
    content: bytes = answer.content
    return (repr(sorted(headers.items())).encode() + b"\n" + content).replace(request_id, b"request")


def without_ids(seen: bytes, ids: dict[str, str]) -> bytes:
    """Write the names of ids in their place."""
    for name, id_ in ids.items():
        if name != "kind":
            seen = seen.replace(id_.encode(), name.encode())
    return seen


def absent(cell: Cell) -> dict[str, str]:
    """Return the ids with those replaced by others, of nothing, that the person cannot know: all of them for who is outside."""
    if cell.person.state not in INSIDE:
        return {name: id_ if name == "kind" else str(uuid7()) for name, id_ in cell.ids.items()}
    return {
        name: str(uuid7()) if cell.place.things.get(id_, INNER) not in cell.known else id_
        for name, id_ in cell.ids.items()
    }


def test_every_route_is_in_the_matrix_once() -> None:
    rows = [*THINGS, *MINE, *BY_CODE, *OF_THE_CALLER, *PAGES]
    assert sorted(rows) == sorted(API)


def test_each_cell_shows_the_thing_or_says_byte_for_byte_what_it_says_of_what_is_not_there(world: World) -> None:
    wrong: list[str] = []
    unknown = {state: world.unknown_to(person) for state, person in world.people.items()}
    compared = 0
    nowhere: dict[tuple[str, str], Answer] = {}
    for cell in cells(world):
        answer, *others = (ask(cell, cell.ids, query) for query in cell.row.queries)
        wrong += [
            f"{cell.name} tells {[cell.place.texts.get(text, text) for text in told]}: {one}"
            for one in (answer, *others)
            if (told := found_in(one.seen, unknown[cell.person.state]))
        ]
        ids = absent(cell)
        if cell.kind(cell.row.about) in cell.known:
            wrong += shortfall(cell, answer)
        elif ids != cell.ids:
            compared += 1
            missing = ask(cell, ids) if cell.person.state in INSIDE else None
            if missing is None:
                key = cell.route, cell.person.state
                missing = nowhere[key] = nowhere.get(key) or ask(cell, ids)
            if answer[:2] != missing[:2] or answer.status < 400:
                wrong.append(f"{cell.name}: {answer} {missing}")
    assert wrong == []
    assert compared > 500


def shortfall(cell: Cell, answer: Answer) -> list[str]:
    """Return what is wrong when a row's thing is not shown to who may know it."""
    kind = cell.kind(cell.row.shows)
    texts = [text for text, of in cell.place.texts.items() if of == kind]
    if not kind or kind not in cell.known or (answer.status == 200 and found_in(answer.seen, texts)):
        return []
    return [f"{cell.name} shows nothing: {answer}"]


def test_lists_that_name_nothing_tell_nothing_that_one_may_not_know(world: World) -> None:
    wrong = []
    for person in world.people.values():
        unknown = world.unknown_to(person)
        for route in MINE:
            path = re.sub("<.*?>", str(uuid7()), route.removeprefix("GET "))
            for query in ("", "?limit=1", "?search=qz") if "me" not in path else ("",):
                answer = try_out(CLIENT, "GET", path + query, None, person.headers)
                if told := found_in(seen_in(answer), unknown):
                    wrong.append(f"{person.state} {path}{query}: {told}")
    assert wrong == []


def test_who_has_a_code_is_shown_the_card_and_nothing_else(world: World) -> None:
    wrong = []
    for person in world.people.values():
        for place in world.places:
            may_see = person.state not in {ANONYMOUS, BANNED, INACTIVE} or place.visibility != "secret"
            unknown = [
                secret
                for secret in world.unknown_to(person)
                if not may_see or (place.texts | place.things).get(secret) != CARD
            ]
            for route in BY_CODE:
                path = route.removeprefix("POST ")
                answers = [
                    try_out(CLIENT, "POST", path, {"code": code}, person.headers)
                    for code in (place.code, "x" * len(place.code))
                ]
                if told := found_in(seen_in(answers[0]), [one for one in unknown if one != place.code]):
                    wrong.append(f"{person.state} {place.visibility} {path}: {told}")
                if person.state == BANNED and seen_in(answers[0]) != seen_in(answers[1]):
                    wrong.append(f"{person.state} {place.visibility} {path}: {answers[0].content}")
    assert wrong == []
