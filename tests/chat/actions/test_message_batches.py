"""Posting many messages at once: a constant number of statements, every command answered for itself, order and nonces under contention."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from itertools import count

import msgspec
import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.actions import message_batches
from chat.actions.message_batches import NewMessage, PostedMessage, post_messages
from chat.actions.room_members import remove_room_member
from chat.constants import RoomMemberState
from chat.errors import RoomIsArchived
from chat.events import MessageCreated
from chat.models import Message, Room
from chat.queries.messages import payload_of
from communities.actions.memberships import remove_member
from communities.constants import MembershipStatus
from eventlog.events import AccessRevoked
from eventlog.replay import read_heads
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.errors import DomainError, InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, MessageId, RoomId, UserId, uuid7
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.chat import make_room, make_room_member, post, room_topic
from tests.factories.communities import Rank, acting, make_member


def asked(author, room, number=0, *, body="Ahoy", **fields) -> NewMessage:
    return NewMessage(
        actor=acting(author), room_id=RoomId(room.pk), body=f"{body} {number}", nonce=f"n{number}", **fields
    )


def statements_of(requests) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert all(isinstance(outcome, PostedMessage) for outcome in post_messages(requests))
    return len(captured)


@pytest.mark.django_db
def test_a_batch_takes_as_many_statements_as_one_message(community):
    rooms = [make_room(community) for _ in range(5)]
    members = [make_member(community) for _ in range(5)]
    question = MessageId(post(members[0], rooms[0]).id)
    one = [asked(members[0], rooms[0], reply_to=question)]
    many = [
        asked(author, room, number, reply_to=question if room is rooms[0] else None)
        for number in range(1, 21)
        for author in members
        for room in rooms
    ]

    assert len(many) == 500
    assert statements_of(one) == statements_of(many) == 9  # of which two are this test's savepoint


def plan_of(statement: str) -> str:
    """Return the plan that a session makes once for all values."""
    places = count(1)
    numbered = re.sub("%s", lambda _: f"${next(places)}", statement)
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE planned AS {numbered}")
        nothing = ", ".join(["NULL"] * statement.count("%s"))
        cursor.execute(f"EXPLAIN EXECUTE planned ({nothing})")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE planned")
    return plan


def forget_statistics() -> None:
    """Let the planner know as little of every table as when it was new, until the transaction ends: autovacuum may have told it more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET reltuples = -1, relpages = 0"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )


@pytest.mark.django_db
def test_no_statement_of_a_batch_reads_a_whole_table_even_when_planned_before_there_are_statistics(community, member):
    room = make_room(community)
    question = MessageId(post(member, room).id)

    with CaptureQueriesContext(connection) as captured:
        post_messages([asked(member, room, reply_to=question)])

    forget_statistics()
    plans = [plan_of(query["sql"]) for query in captured if "%s" in query["sql"]]
    assert len(plans) == 7
    assert [plan for plan in plans if "Seq Scan" in plan] == []


@pytest.mark.django_db
def test_a_bad_command_does_not_harm_its_neighbours(community, member, replayed):
    room, private, archived = make_room(community), make_room(community, private=True), make_room(community)
    archived.archived_at = now()
    archived.save()
    banned = make_member(community, status=MembershipStatus.BANNED)
    requests = [
        asked(member, room, 1),
        asked(member, private, 2),
        asked(banned, room, 3),
        asked(member, archived, 4),
        asked(member, room, 5, reply_to=MessageId(uuid7())),
        NewMessage(actor=acting(member), room_id=RoomId(room.pk), body="\0", nonce="n6"),
        NewMessage(actor=ANONYMOUS, room_id=RoomId(room.pk), body="Ahoy", nonce="n7"),
        NewMessage(actor=acting(member), room_id=RoomId(uuid7()), body="Ahoy", nonce="n8"),
        asked(member, room, 9),
    ]

    with replayed(room):
        outcomes = post_messages(requests)

    assert [type(outcome) for outcome in outcomes] == [
        PostedMessage,
        NotFound,
        NotFound,
        RoomIsArchived,
        InvalidInput,
        InvalidInput,
        Unauthenticated,
        NotFound,
        PostedMessage,
    ]
    assert [outcome.payload.body for outcome in outcomes if isinstance(outcome, PostedMessage)] == ["Ahoy 1", "Ahoy 9"]
    assert list(Message.objects.order_by("seq").values_list("body", flat=True)) == ["Ahoy 1", "Ahoy 9"]


@pytest.mark.django_db
def test_a_room_that_is_made_while_the_topics_are_locked_is_not_there_yet(community, member, monkeypatch):
    old = make_room(community)
    made = []
    real = message_batches.hold_room_topics

    def hold(room_ids):
        held = real(room_ids)
        assert held.heads
        made[0].save()
        return held

    monkeypatch.setattr(message_batches, "hold_room_topics", hold)
    made.append(Room(community=community, kind="text", name="New", visibility="community"))

    outcomes = post_messages([asked(member, old), asked(member, made[0])])

    assert list(map(type, outcomes)) == [PostedMessage, NotFound]


@pytest.mark.django_db
def test_a_batch_of_refusals_writes_nothing(community, untouched):
    stranger = make_member(community, status=MembershipStatus.REMOVED)
    room = make_room(community)

    with untouched():
        assert [type(outcome) for outcome in post_messages([asked(stranger, room)])] == [NotFound]
        assert post_messages([]) == []


@pytest.mark.django_db
def test_messages_are_numbered_in_the_order_of_the_batch(community, member):
    one, other = make_room(community), make_room(community)
    requests = [asked(member, room, number) for number, room in enumerate([one, other, one, one, other])]

    outcomes = post_messages(requests)

    assert [outcome.seq for outcome in outcomes] == [2, 2, 3, 4, 3]
    assert [event.message.body for _, _, event in events_of(room_topic(one), after=1)] == ["Ahoy 0", "Ahoy 2", "Ahoy 3"]


@pytest.mark.django_db
def test_a_nonce_twice_in_a_batch_is_one_message(community, member, replayed):
    room = make_room(community)

    with replayed(room):
        first, second, third = post_messages(
            [asked(member, room, 1), asked(member, room, 1, body="Again"), asked(member, room, 2)]
        )

    assert first == second
    assert (first.payload.body, third.seq) == ("Ahoy 1", first.seq + 1)


@pytest.mark.django_db
def test_a_batch_tells_new_messages_from_repeated_ones(community, member):
    room = make_room(community)
    (old,) = post_messages([asked(member, room, 1)])

    repeated, new = post_messages([asked(member, room, 1), asked(member, room, 2)])

    assert (repeated, new.seq) == (old, old.seq + 1)


@pytest.mark.django_db
def test_any_batch_gives_each_command_the_outcome_that_it_has_alone(community):
    """Good and bad commands in any mixture and order; a batch of one is the reference."""
    rooms = [make_room(community), make_room(community, private=True), make_room(community)]
    rooms[2].archived_at = now()
    rooms[2].save()
    active, banned = make_member(community), make_member(community, status=MembershipStatus.BANNED)
    until = now() + timedelta(hours=1)
    timed_out = make_member(community, status=MembershipStatus.TIMED_OUT, timed_out_until=until)
    participant = make_member(community)
    make_room_member(rooms[1], participant.user)
    removed = make_member(community)
    make_room_member(rooms[0], removed.user, RoomMemberState.REMOVED)
    question = post(active, rooms[0], nonce="old")
    actors = [
        acting(active),
        acting(participant),
        acting(timed_out),
        acting(banned),
        acting(removed),
        ANONYMOUS,
        SYSTEM,
    ]
    commands = st.builds(
        NewMessage,
        actor=st.sampled_from(actors),
        room_id=st.sampled_from([*(RoomId(room.pk) for room in rooms), RoomId(uuid7())]),
        body=st.sampled_from(["Ahoy", "Aye", " ", "\0", "\ud800", '"{\\}"', "x" * 4001]),
        nonce=st.sampled_from(["old", "n1", "n2", "n3", "", "n\0", "NULL", '","']),
        reply_to=st.sampled_from([None, None, MessageId(question.id), MessageId(uuid7())]),
    )

    @settings(max_examples=60, deadline=None)
    @given(st.lists(commands, max_size=12))
    def check(requests):
        together = undone(lambda: post_messages(requests))
        alone = undone(lambda: [post_messages([request])[0] for request in requests])
        assert list(map(described, together)) == list(map(described, alone))

    check()


def undone(act):
    """Return what the act returned, and take it back."""
    with transaction.atomic():
        result = act()
        transaction.set_rollback(True)
    return result


def described(outcome):
    """Return what two runs must have in common: everything but ids and times."""
    if isinstance(outcome, DomainError):
        return type(outcome), outcome.code, outcome.text, outcome.data
    payload = msgspec.structs.replace(outcome.payload, id=None, created_at=None)
    return outcome.topic, outcome.seq, payload


@pytest.mark.django_db
def test_a_batch_waits_for_the_database_as_often_as_one_message(community, member, monkeypatch):
    room = make_room(community)
    waits = []
    real = psycopg.Connection.wait
    monkeypatch.setattr(psycopg.Connection, "wait", lambda *args, **kwargs: waits.append(1) or real(*args, **kwargs))

    assert isinstance(post_messages([asked(member, room)])[0], PostedMessage)
    few, waits[:] = len(waits), []
    post_messages([asked(member, room, number) for number in range(1, 100)])

    assert few == len(waits)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ['"', "\\", '\\"', "{}", "NULL", "a,b", "'", "%s", "\n\t", "é€😀", "\x01"])
def test_any_text_is_stored_and_told_as_it_was_written(community, member, text):
    room = make_room(community)

    (posted,) = post_messages([NewMessage(actor=acting(member), room_id=RoomId(room.pk), body=f"a{text}b", nonce=text)])

    row = Message.objects.get()
    assert (row.body, row.nonce, row.community_id) == (f"a{text}b", text, community.pk)
    assert payload_of(row) == posted.payload
    assert events_of(room_topic(room), after=1) == [(2, "message.created", MessageCreated(message=posted.payload))]


@pytest.mark.django_db(transaction=True)
def test_eight_writers_number_a_room_without_gaps_and_rows_agree_with_the_log(community):
    room = make_room(community)
    members = [make_member(community) for _ in range(8)]

    def write(author):
        return [post_messages([asked(author, room, number)])[0] for number in range(10)]

    posted = [
        message for messages in at_once(*(lambda a=author: write(a) for author in members)) for message in messages
    ]

    assert sorted(message.seq for message in posted) == list(range(2, 82))
    logged = [(seq, event.message.id) for seq, _, event in events_of(room_topic(room), after=1)]
    assert logged == list(Message.objects.order_by("seq").values_list("seq", "pk"))
    assert read_heads([room_topic(room)])[room_topic(room)] == 81
    for author in members:
        own = [message.seq for message in posted if message.payload.author.id == author.user_id]
        assert own == sorted(own)


@pytest.mark.django_db(transaction=True)
def test_batches_over_the_same_rooms_in_other_orders_do_not_lock_each_other_out(community):
    rooms = [make_room(community) for _ in range(4)]
    members = [make_member(community) for _ in range(4)]

    def write(author, order):
        return [post_messages([asked(author, room, number) for room in order])[0] for number in range(10)]

    outcomes = at_once(
        *(lambda a=author, o=rooms[turn:] + rooms[:turn]: write(a, o) for turn, author in enumerate(members))
    )

    assert all(isinstance(outcome, PostedMessage) for written in outcomes for outcome in written)
    assert Message.objects.count() == 160


@pytest.mark.django_db(transaction=True)
def test_the_same_nonce_from_two_threads_is_one_message(community, member):
    room = make_room(community)

    for number in range(5):
        first, second = at_once(*[lambda n=number: post_messages([asked(member, room, n)])[0]] * 2)
        assert first == second

    assert Message.objects.count() == 5
    assert len(events_of(room_topic(room), after=1)) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("removal", ["from the room", "from the community"])
def test_no_message_of_a_removed_member_follows_the_removal(community, removal):
    owner = make_member(community, rank=Rank.OWNER)

    def remove(target, room):
        if removal == "from the room":
            remove_room_member(acting(owner), room_id=RoomId(room.pk), user_id=UserId(target.user_id))
        else:
            remove_member(acting(owner), community_id=CommunityId(community.pk), user_id=UserId(target.user_id))

    def write(author, room):
        for number in range(50):
            with suppress(DomainError):
                if not isinstance(post_messages([asked(author, room, number)])[0], PostedMessage):
                    return

    for _ in range(5):
        room, target = make_room(community), make_member(community)
        at_once(lambda r=room, t=target: write(t, r), lambda r=room, t=target: remove(t, r))
        told = [event for _, _, event in events_of(room_topic(room))]
        after = told[told.index(AccessRevoked(user=target.user_id)) :]
        assert [event for event in after if hasattr(event, "message")] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["_look_up", "_drafted", "_insert"])
def test_a_session_that_dies_in_the_middle_undoes_the_batch_and_the_next_one_goes_on(
    community, member, monkeypatch, step
):
    room = make_room(community)
    real = getattr(message_batches, step)

    def die(*args):
        with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(message_batches, step, die)
        with pytest.raises((OperationalError, InterfaceError)):
            post_messages([asked(member, room)])
    connection.close()

    assert not Message.objects.exists()
    assert post_messages([asked(member, room)])[0].seq == 2
