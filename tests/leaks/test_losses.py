"""What open sockets have lost: the log drops them from each topic before anything later, and what they are told names nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from communities.actions.catching_up import catch_up_with_time
from eventlog.doorbell import LoggedEvent
from eventlog.replay import LookBack, check_resumptions, read_events, read_heads
from eventlog.topics import Topic, explain_loss
from gateway.frames import revoked
from tests.leaks.finding import found_in
from tests.leaks.knowledge import (
    BANNED,
    CABIN,
    DEMOTED,
    DENIED,
    DISOWNED,
    EXPIRED,
    FORMER,
    HALL,
    INNER,
    LOST,
    LOWERED,
    PHONELESS,
    PUT_OUT,
    REMOVED,
    ROOMS,
    SHUT_OUT,
    UNENTITLED,
    VAULT,
)
from tests.leaks.person import Person
from tests.leaks.place import Place
from tests.leaks.world import World

pytestmark = pytest.mark.xdist_group("leaks")

LOSSES = {
    UNENTITLED: (VAULT,),
    EXPIRED: (VAULT,),
    DEMOTED: (VAULT,),
    PHONELESS: (VAULT,),
    SHUT_OUT: (VAULT,),
    LOWERED: (VAULT,),
    DISOWNED: (VAULT,),
    PUT_OUT: (HALL, CABIN),
    DENIED: (HALL,),
    FORMER: (INNER, HALL, VAULT),
    REMOVED: (INNER, HALL, VAULT),
    BANNED: (INNER, HALL, VAULT),
}
"""What open sockets of the secret community had to lose, by state; who was outside of the gates anyway had no vault."""


def losses(world: World) -> Iterator[tuple[Person, Place, Topic]]:
    """Everybody with each topic that was taken from them: in the gated community all topics from who lost what let them pass."""
    for state, kinds in LOSSES.items():
        for place in (world.open_place, world.gated_place):
            lost = kinds if place is world.open_place else (INNER, HALL, VAULT) if state in LOST else ()
            for kind in lost:
                topic = f"room:{place.room(kind)}" if kind in ROOMS else f"community:{place.id}"
                if kind != VAULT or state in {*LOST, BANNED}:
                    yield world.people[state], place, Topic(topic)


def test_whoever_lost_a_topic_is_dropped_from_it_before_anything_later_and_told_nothing_of_it(world: World) -> None:
    wrong = []
    before = transaction.savepoint()
    catch_up_with_time()  # nobody has looked since time took something
    for person, place, topic in losses(world):
        told = revoked(topic, explain_loss(person.actor, topic)).json
        if secrets := found_in(told.replace(topic.encode(), b""), world.unknown_to(person)):
            wrong.append(f"{person.state} / {topic} is told {secrets}")
        ends = [event.seq for event in read_events(topic, after=0, limit=10_000) if _ends_for(event, person)]
        if not ends or (person.state != EXPIRED and min(ends) > place.heads[topic]):
            wrong.append(f"{person.state} / {place.name} / {topic} is heard on")
        head = read_heads([topic])[topic]
        (resumption,) = check_resumptions([LookBack(topic, 1, head, person.actor.user_id)])
        if resumption.reason != "access_changed":
            wrong.append(f"{person.state} / {place.name} / {topic} is resumed")
    transaction.savepoint_rollback(before)
    assert wrong == []


def _ends_for(event: LoggedEvent, person: Person) -> bool:
    is_own = event.type == "access.revoked" and str(person.actor.user_id).encode() in event.data
    return is_own or event.type == "access.reviewed"
