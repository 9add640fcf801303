"""Over sockets each cell gives the data or nothing: topics with what they replay, commands, the greeting and who is watched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest
from django.db import transaction

from eventlog import topics
from eventlog.events import EventType, registered_events
from eventlog.models import StoredEvent
from eventlog.replay import LookBack, check_resumptions, read_events
from eventlog.topics import Topic
from gateway import dispatch
from gateway.commands import Followed
from gateway.following import Admission, admit_all
from gateway.frames import ack, frame_of_event, problem
from gateway.presence.audience import AudienceQuestion, ask_audience
from kernel.commands import registered_commands
from kernel.errors import DomainError
from kernel.ids import CommunityId, UserId, uuid7
from kernel.key_access import require_command, topic_refusal
from project.hello import _communities
from tests.leaks.finding import found_in
from tests.leaks.knowledge import (
    HALL,
    INNER,
    INSIDE,
    MEMBER,
    REFUSED_AT_THE_DOOR,
    ROOMS,
    SHUT_OUT,
    VAULT,
)
from tests.leaks.person import Person
from tests.leaks.place import Place
from tests.leaks.socket_table import COMMANDS, EVENTS, OWN_COMMANDS, TOPICS
from tests.leaks.statements import captured_shapes, without_facts
from tests.leaks.world import World

pytestmark = pytest.mark.xdist_group("leaks")


class Cell(NamedTuple):
    """A person, and a thing that a topic or a command is about."""

    person: Person
    place: Place
    kind: str
    ids: dict[str, str]

    @property
    def name(self) -> str:
        """Say which cell it is."""
        return f"{self.person.state} / {self.place.name} / {self.kind}"

    @property
    def may_know(self) -> bool:
        """Whether it may be shown to the person; a key without the scope opens nothing."""
        return self.kind in self.place.known_to(self.person.state)

    @property
    def is_refused_openly(self) -> bool:
        """Whether the person may know that there is such a thing, though not what is in it: who is inside knows that somebody manages."""
        return self.kind not in ROOMS and self.person.state in INSIDE


def cells(world: World, kinds: tuple[str, ...]) -> Iterator[Cell]:
    """Everybody with each thing of these kinds in every community; with rooms of the secret and of the gated one."""
    for place in world.places:
        for kind in kinds:
            if kind in ROOMS and place not in (world.open_place, world.gated_place):
                continue
            ids = place.ids | place.rooms.get(kind, {})
            yield from (Cell(person, place, kind, ids) for person in world.people.values())


class Told(NamedTuple):
    """The frames of an answer, and what was asked of the database for it."""

    frames: bytes
    shapes: tuple[str, ...]


class Nowhere:
    """What somebody is answered about things that are not there, asked for once for each kind of question."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], Told] = {}

    def differs(self, cell: Cell, question: str, told: Told, ask: Callable[[], Told]) -> list[str]:
        """Return how an answer differs from the one about nothing. What gates read of a member is remembered, so it counts only outside."""
        key = (cell.person.state, question)
        nothing = self._answers[key] = self._answers.get(key) or ask()
        if told.frames != nothing.frames:
            return [f"{cell.name} / {question}: {told.frames!r}"]
        is_inside = cell.person.state in INSIDE | REFUSED_AT_THE_DOOR
        shapes, of_nothing = (without_facts(one.shapes) if is_inside else one.shapes for one in (told, nothing))
        return [f"{cell.name} / {question} asks {shapes}, of nothing {of_nothing}"] if shapes != of_nothing else []


def follow(person: Person, topic: str) -> Told:
    """Return what following a topic from its beginning is answered with."""
    with captured_shapes() as shapes:
        frames = _frames_of_following(person, topic)
    return Told(frames, tuple(shapes))


def _frames_of_following(person: Person, topic: str) -> bytes:
    head = admit_all([Admission(person.actor, Topic(topic))])[0]
    if isinstance(head, DomainError):
        return problem("1", head).json
    found = check_resumptions([LookBack(Topic(topic), 0, head, person.actor.user_id)])[0]
    frames = [ack("1", Followed(topic=topic, head=head, recovered=found.reason is None, reason=found.reason))]
    if found.reason is None:
        frames += [frame_of_event(event) for event in read_events(Topic(topic), after=0, limit=10_000)]
    return b"\n".join(frame.json for frame in frames)


def command(person: Person, name: str, body: dict[str, object]) -> Told:
    """Return what a command is answered with, and undo what it did."""
    registered = registered_commands()[name]
    before = transaction.savepoint()
    with captured_shapes() as shapes:
        try:
            require_command(person.actor, name)
            frame = ack("1", registered.handler(person.actor, msgspec.convert(body, registered.command)))
        except DomainError as error:
            frame = problem("1", error)
    transaction.savepoint_rollback(before)
    return Told(frame.json, tuple(shapes))


def product_events() -> dict[str, EventType]:
    """Return the registered types of events but those of other tests in this process."""
    return {name: type_ for name, type_ in registered_events().items() if not name.startswith("tests.")}


def test_every_kind_of_topic_every_type_of_event_and_every_command_is_in_the_matrix() -> None:
    assert set(TOPICS) == set(topics._kinds)
    assert set(EVENTS) == set(product_events())
    assert {*COMMANDS, *OWN_COMMANDS} == {*registered_commands(), *dispatch._OWN}


def test_what_a_room_is_called_and_what_is_said_in_it_is_told_on_its_own_topic_alone() -> None:
    telling = {
        name
        for name, type_ in product_events().items()
        if re.search(r"\b(RoomPayload|MessagePayload|ExcerptPayload)\b", repr(msgspec.inspect.type_info(type_.event)))
    }
    assert {name: kinds for name, kinds in EVENTS.items() if name in telling and kinds != ("room",)} == {}
    assert telling > {"room.updated", "message.created"}


def test_every_event_is_on_the_topics_that_the_matrix_names_and_the_world_has_seen_those_of_communities(
    world: World,
) -> None:
    seen: dict[str, set[str]] = {}
    for topic, type_ in StoredEvent.objects.values_list("topic", "type").distinct():
        seen.setdefault(type_, set()).add(topic.partition(":")[0])
    carried = {name: type_ for name, type_ in product_events().items() if type_.event.__struct_fields__}
    durable = {name for name, type_ in carried.items() if type_.durable}  # what carries nothing has nothing to leak
    tried = {name: set(EVENTS[name]) for name in durable if set(EVENTS[name]) - {"user"}}
    assert {name: seen.get(name, set()) for name in tried} == tried
    assert {name: kinds for name, kinds in seen.items() if not kinds <= set(EVENTS[name])} == {}


def test_a_topic_gives_its_events_to_who_may_know_them_and_to_others_what_it_gives_of_nothing(world: World) -> None:
    wrong, nowhere = [], Nowhere()
    unknown = {state: world.unknown_to(person) for state, person in world.people.items()}
    for topic_kind, (kinds, id_name) in TOPICS.items():
        for cell in cells(world, kinds):
            topic = f"{topic_kind}:{cell.ids[id_name]}"
            answer = follow(cell.person, topic)
            if told := found_in(answer.frames, unknown[cell.person.state]):
                wrong.append(f"{cell.name} / {topic_kind} tells {[cell.place.texts.get(one, one) for one in told]}")
            if cell.may_know:
                secrets = [secret for secret, kind in cell.place.secrets.items() if kind == cell.kind]
                if not found_in(answer.frames, secrets):
                    wrong.append(f"{cell.name} / {topic_kind} shows nothing: {answer!r}")
            elif not cell.is_refused_openly:
                absent = partial(follow, cell.person, f"{topic_kind}:{uuid7()}")
                wrong += nowhere.differs(cell, topic_kind, answer, absent)
    assert wrong == []


@pytest.mark.parametrize("state", [MEMBER, SHUT_OUT])
def test_what_a_message_refers_to_is_looked_for_in_its_own_room_alone(world: World, state: str) -> None:
    place, person = world.open_place, world.people[state]
    body = {"room": place.rooms[HALL]["room_id"], "body": "Ahoy", "nonce": "refers"}
    hidden, absent = (
        command(person, "message.send", body | {"reply_to": reply_to})
        for reply_to in (place.rooms[VAULT]["message_id"], str(uuid7()))
    )
    assert hidden == absent
    assert b"problem" in hidden.frames


def test_everybody_follows_their_own_topic_which_tells_only_what_they_may_know(world: World) -> None:
    wrong = []
    for person in world.people.values():
        for other in world.people.values():
            if other.user is None:
                continue
            answer = follow(person, f"user:{other.user.pk}").frames
            if told := found_in(answer, world.unknown_to(person)):
                wrong.append(f"{person.state} of {other.state}: {told}")
            if other is not person and answer != follow(person, f"user:{uuid7()}").frames:
                wrong.append(f"{person.state} of {other.state}: {answer!r}")
    assert wrong == []


def test_a_command_tells_of_what_one_may_not_know_what_it_tells_of_nothing(world: World) -> None:
    wrong, nowhere = [], Nowhere()
    unknown = {state: world.unknown_to(person) for state, person in world.people.items()}
    for name, body in COMMANDS.items():
        for cell in cells(world, ROOMS):
            if cell.place is world.gated_place and cell.kind not in (HALL, VAULT):
                continue
            answer = command(cell.person, name, body(cell.ids))
            if told := found_in(answer.frames, unknown[cell.person.state]):
                wrong.append(f"{cell.name} / {name} tells {told}")
            if not cell.may_know:
                absent = body({key: str(uuid7()) for key in cell.ids})
                wrong += nowhere.differs(cell, name, answer, partial(command, cell.person, name, absent))
    assert wrong == []


def test_the_greeting_tells_everybody_of_the_communities_that_they_are_in(world: World) -> None:
    people = {UserId(person.user.pk): person for person in world.people.values() if person.user is not None}
    wrong = {
        people[user_id].state: told
        for user_id, communities in _communities(people).items()
        if people[user_id].state not in REFUSED_AT_THE_DOOR
        and (told := found_in(msgspec.json.encode(communities), world.unknown_to(people[user_id])))
    }
    assert wrong == {}


def test_presence_is_shown_of_members_to_members_alone(world: World) -> None:
    wrong = []
    for cell in cells(world, (INNER,)):
        if topic_refusal(cell.person.actor, "community"):
            continue  # who may not follow the community's topic cannot watch either
        mate, stranger = UserId(UUID(cell.ids["user_id"])), UserId(uuid7())
        place, nowhere = (CommunityId(UUID(id_)) for id_ in (cell.ids["community_id"], str(uuid7())))
        found, missing = (
            ask_audience([AudienceQuestion(cell.person.actor, one, frozenset({mate, stranger}))])[0]
            for one in (place, nowhere)
        )
        assert isinstance(missing, DomainError)
        told = problem(None, found).json if isinstance(found, DomainError) else set(found)
        if told != ({mate} if cell.may_know else problem(None, missing).json):
            wrong.append(f"{cell.name}: {told!r}")
    assert wrong == []
