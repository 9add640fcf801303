"""Over REST each cell of the matrix gives the data or nothing: what is forbidden is answered with the bytes of what is not there.

And with the same statements, so that how long it takes tells nothing either.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from communities.constants import CommunityVisibility
from kernel.ids import uuid7
from tests.authorisation.api_table import API
from tests.leaks.asking import Answer, ask
from tests.leaks.finding import found_in
from tests.leaks.knowledge import (
    ANONYMOUS,
    BANNED,
    BELONGING,
    CARD,
    GUEST,
    HALL,
    INACTIVE,
    INNER,
    INSIDE,
    LOST,
    MEMBER,
    PASSING,
    REFUSED_AT_THE_DOOR,
    ROOMS,
    SHUT_OUT,
    VAULT,
)
from tests.leaks.person import Person
from tests.leaks.place import Place
from tests.leaks.rest_table import BY_CODE, MINE, OF_THE_CALLER, PAGES, REMEMBERING, ROOM, THINGS, Row
from tests.leaks.statements import without_facts
from tests.leaks.world import World

pytestmark = pytest.mark.xdist_group("leaks")


ACTING = frozenset({PASSING, MEMBER, GUEST, SHUT_OUT})
"""Members of each kind, for what all of them may do or be refused openly."""


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
        return f"{self.person.state} / {self.place.name} / {self.ids.get('kind', '')} / {self.route}"

    @property
    def known(self) -> set[str]:
        """What the person may know of the place."""
        return self.place.known_to(self.person.state)

    def kind(self, kind: str) -> str:
        """Return the kind that a row means here."""
        return self.ids["kind"] if kind == ROOM else kind

    @property
    def is_worth_asking(self) -> bool:
        """Whether the answer could tell something: what an act on a thing that one knows answers, a few may find out for all."""
        is_known = self.kind(self.row.about) in self.known
        return self.route.startswith("GET ") or not is_known or self.person.state in ACTING

    def ask(self, query: str = "") -> Answer:
        """Put the question."""
        return ask(self.route, self.ids, self.person, query)


def cells(world: World) -> Iterator[Cell]:
    """Every route about something, by everybody: of the secret community all, of the gated one all that who is inside asks for.

    From outside the cards of the other communities are asked for too; who is refused at the door is asked about one room. Who lost what
    let them pass lost the vault alone in the secret community, where they are members like others.
    """
    for route, row in THINGS.items():
        for person in world.people.values():
            for place in world.places:
                for ids in _things(world, person, place, route):
                    cell = Cell(route, row, person, place, ids)
                    if cell.is_worth_asking:
                        yield cell


def _things(world: World, person: Person, place: Place, route: str) -> list[dict[str, str]]:
    about_rooms, asks, is_inside = THINGS[route].about == ROOM, route.startswith("GET "), person.state in INSIDE
    if place is world.open_place and person.state in LOST:
        about_lists = THINGS[route].about == BELONGING
        return [place.ids | place.rooms[VAULT]] if about_rooms else [place.ids] if about_lists else []
    if place is world.open_place:
        kinds = (HALL,) if person.state in REFUSED_AT_THE_DOOR else ROOMS
        return [place.ids | place.rooms[kind] for kind in kinds] if about_rooms else [place.ids]
    if place is world.gated_place and is_inside and (asks or person.state in ACTING):
        kinds = (HALL, VAULT) if asks else (HALL,)
        return [place.ids | place.rooms[kind] for kind in kinds] if about_rooms else [place.ids]
    return [place.ids] if asks and not about_rooms and not is_inside else []


def absent(cell: Cell) -> dict[str, str]:
    """Return the ids with those replaced by others, of nothing, that the person cannot know: all of them for who is outside."""
    if cell.person.state not in INSIDE:
        return {name: id_ if name == "kind" else str(uuid7()) for name, id_ in cell.ids.items()}
    return {
        name: str(uuid7()) if cell.place.things.get(id_, INNER) not in cell.known else id_
        for name, id_ in cell.ids.items()
    }


class Nowhere:
    """Answers about nothing, each asked for once: what it depends on is the route, the person, and those ids that are somewhere."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], Answer] = {}

    def answer(self, cell: Cell, ids: dict[str, str]) -> Answer:
        """Return what the person is answered about these ids."""
        named = set(re.findall(r"<\w+:(\w+)>", cell.route))
        kept = tuple(ids[name] for name in sorted(named) if ids[name] == cell.ids[name])
        key = (cell.route, cell.person.state, *kept)
        if key not in self._answers:
            self._answers[key] = ask(cell.route, ids, cell.person)
        return self._answers[key]


def test_every_route_is_in_the_matrix_once() -> None:
    rows = [*THINGS, *MINE, *BY_CODE, *OF_THE_CALLER, *PAGES]
    assert sorted(rows) == sorted(API)


@pytest.mark.long
def test_each_cell_shows_the_thing_or_says_byte_for_byte_what_it_says_of_what_is_not_there(world: World) -> None:
    wrong: list[str] = []
    unknown = {state: world.unknown_to(person) for state, person in world.people.items()}
    compared, nowhere = 0, Nowhere()
    for cell in cells(world):
        answer = cell.ask()
        others = [cell.ask(query) for query in cell.row.queries[1:]] if answer.status == 200 else []
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
            wrong += difference(cell, answer, nowhere.answer(cell, ids))

    assert wrong == []
    assert compared > 2_000


def shortfall(cell: Cell, answer: Answer) -> list[str]:
    """Return what is wrong when a row's thing is not shown to who may know it."""
    kind = cell.kind(cell.row.shows)
    texts = [text for text, of in cell.place.texts.items() if of == kind]
    if not kind or kind not in cell.known or (answer.status == 200 and found_in(answer.seen, texts)):
        return []
    return [f"{cell.name} shows nothing: {answer}"]


def difference(cell: Cell, answer: Answer, missing: Answer) -> list[str]:
    """Return how an answer differs from the one about nothing, in what is seen or in what it asked of the database."""
    if answer[:2] != missing[:2] or answer.status < 400:
        return [f"{cell.name}: {answer[:2]} {missing[:2]}"]
    if cell.person.proof is None:  # to recognise them takes statements now and then
        return []
    shapes, of_nothing = answer.shapes, missing.shapes
    if cell.route in REMEMBERING and cell.person.state in INSIDE:
        shapes, of_nothing = without_facts(shapes), without_facts(of_nothing)
    return [] if shapes == of_nothing else [f"{cell.name} asks {shapes}, of nothing {of_nothing}"]


def test_lists_that_name_nothing_tell_nothing_that_one_may_not_know(world: World) -> None:
    wrong = []
    for person in world.people.values():
        unknown = world.unknown_to(person)
        for route in MINE:
            for query in ("", "?limit=1", "?search=qz") if "/me" not in route else ("",):
                answer = ask(route, defaultdict(lambda: str(uuid7())), person, query)
                if told := found_in(answer.seen, unknown):
                    wrong.append(f"{person.state} {route}{query}: {told}")
    assert wrong == []


def test_who_has_a_code_is_shown_the_card_and_nothing_else(world: World) -> None:
    wrong = []
    for person in world.people.values():
        for place in world.places:
            may_see = (
                person.state not in {ANONYMOUS, BANNED, INACTIVE} or place.visibility is not CommunityVisibility.SECRET
            )
            unknown = [
                secret for secret in world.unknown_to(person) if not may_see or place.secrets.get(secret) != CARD
            ]
            for route in BY_CODE:
                answer = ask(route, {"code": place.code}, person)
                if told := found_in(answer.seen, [one for one in unknown if one != place.code]):
                    wrong.append(f"{person.state} {place.name} {route}: {told}")
                if person.state == BANNED and answer.seen != ask(route, {"code": "x" * len(place.code)}, person).seen:
                    wrong.append(f"{person.state} {place.name} {route}: {answer}")
    assert wrong == []
