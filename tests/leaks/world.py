"""Who and what there is in the matrix: everybody in their states, and communities of each visibility, with and without a gate."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from accounts.actions.phone_numbers import remove_phone_number, unchecked_set_phone_number
from communities.actions import external_answers
from communities.constants import CommunityVisibility
from kernel import rate_limits
from kernel.ids import UserId
from tests.authorisation.people import Unlimited
from tests.factories.accounts import actor_with_session, make_bot, make_user
from tests.leaks.furnishing import furnish, lock_up
from tests.leaks.knowledge import ANONYMOUS, BOT, INACTIVE, OWNER, PHONELESS, STATES, was_told_of
from tests.leaks.passing import ask_nobody
from tests.leaks.person import Person, make_person
from tests.leaks.place import Place

_numbers = count(1)


@dataclass
class World:
    """Everybody, and the communities."""

    people: dict[str, Person]
    places: list[Place]

    @property
    def open_place(self) -> Place:
        """The secret community, which is there for its members alone, and for all of them."""
        return next(
            place for place in self.places if place.visibility is CommunityVisibility.SECRET and not place.is_gated
        )

    @property
    def gated_place(self) -> Place:
        """The community with a gate before it."""
        return next(place for place in self.places if place.is_gated)

    def unknown_to(self, person: Person) -> list[str]:
        """Return every text and id that must not reach a person."""
        unknown: list[str] = []
        for place in self.places:
            known = place.known_to(person.state)
            unknown += [text for text, kind in place.texts.items() if kind not in known]
            known |= was_told_of(person.state)
            unknown += [id_ for id_, kind in place.things.items() if kind not in known]
        return unknown


@contextmanager
def one_world() -> Iterator[World]:
    """Build everything once for many tests, in a transaction that is undone at the end; nobody is held back by limits."""
    cache.clear()
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]  # something durable may begin inside, as in tests that Django itself wraps
    with pytest.MonkeyPatch.context() as patch, around:
        patch.setattr(rate_limits, "_limiter", Unlimited())
        patch.setattr(external_answers, "ask_service_about", ask_nobody)
        logging.disable(logging.ERROR)
        world = _build()
        connection.run_on_commit.clear()  # never to come, and looked through at each savepoint
        yield world
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


def _build() -> World:
    """Furnish the communities while all who lose something later still have it, then lock up and let life go on behind the doors."""
    users = {state: make_user(f"{state}-{next(_numbers)}") for state in STATES if state not in {ANONYMOUS, BOT}}
    users[BOT] = make_bot(users[OWNER], f"robot-{next(_numbers)}")
    unchecked_set_phone_number(UserId(users[PHONELESS].pk), number="+447700900123")
    places = [Place(visibility) for visibility in CommunityVisibility]
    places.append(Place(CommunityVisibility.LISTED, is_gated=True))
    for place in places:
        furnish(place, users)
    remove_phone_number(actor_with_session(users[PHONELESS]))
    for place in places:
        lock_up(place, users)
    people = {state: make_person(state, users.get(state)) for state in STATES}
    users[INACTIVE].is_active = False
    users[INACTIVE].save(update_fields=["is_active"])
    return World(people, places)
