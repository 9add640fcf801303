"""The history of a room: pages by seq, and the head that lets a client follow without a gap."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.actions.messages import delete_message
from chat.models import Message
from chat.queries import messages as queries
from chat.queries.messages import find_repeated, list_messages
from kernel.errors import InvalidInput
from kernel.ids import MessageId, RoomId
from kernel.pagination import PageRequest, encode_cursor
from tests.factories.chat import make_room, post
from tests.factories.communities import acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(community):
    return make_room(community)


def history(room, *, limit=100, cursor=None, **bounds):
    return list_messages(RoomId(room.pk), page=PageRequest(limit=limit, cursor=cursor), **bounds)


def seqs(page):
    return [message.seq for message in page.items]


def test_history_is_newest_first_with_the_head_to_follow_from(room, member):
    posted = [post(member, room, f"Line {number}") for number in range(3)]

    page = history(room)

    assert page.items == posted[::-1]
    assert (page.next, page.head) == (None, 4)


def test_an_empty_room_has_an_empty_history(room):
    assert history(room).items == []
    assert (history(room).next, history(room).head) == (None, 1)


def test_bounds_are_exclusive(room, member):
    for _ in range(6):
        post(member, room)

    assert seqs(history(room, before=5)) == [4, 3, 2]
    assert seqs(history(room, after=5)) == [7, 6]
    assert seqs(history(room, after=3, before=6)) == [5, 4]
    assert seqs(history(room, limit=2, cursor=history(room, limit=2, after=3).next, after=3)) == [5, 4]


def test_a_deleted_message_keeps_its_place_and_has_no_body(room, member):
    message = post(member, room, "Sank the ship")
    delete_message(acting(member), message_id=MessageId(message.id))

    (shown,) = history(room).items

    assert (shown.id, shown.seq, shown.body, shown.deleted) == (message.id, message.seq, "", True)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 12), before=st.none() | st.integers(0, 15), after=st.none() | st.integers(0, 15))
def test_pages_of_any_size_join_to_the_whole(room, member, limit, before, after):
    for number in range(10 - Message.objects.filter(room=room).count()):
        post(member, room, f"Line {number}")
    whole = history(room, before=before, after=after)

    joined, cursor = [], None
    while True:
        page = history(room, limit=limit, cursor=cursor, before=before, after=after)
        joined += page.items
        cursor = page.next
        if cursor is None:
            break

    assert joined == whole.items
    assert seqs(whole) == [seq for seq in range(11, 1, -1) if (before is None or seq < before) and seq > (after or 0)]


def test_a_page_takes_two_queries_and_touches_one_partition(room, member):
    for _ in range(5):
        post(member, room)

    with CaptureQueriesContext(connection) as captured:
        history(room)

    assert len(captured) == 2
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + captured[1]["sql"])
        plan = str(cursor.fetchall())
    assert len(set(re.findall(r"'Relation Name': '(chat_message_\d\d)'", plan))) == 1


def test_a_message_posted_between_the_two_reads_is_after_the_head_too(room, member, monkeypatch):
    post(member, room)
    read_heads = queries.read_heads

    def read_then_post(topics):
        heads = read_heads(topics)
        post(member, room, "In between")
        return heads

    monkeypatch.setattr(queries, "read_heads", read_then_post)
    page = history(room)

    assert (page.head, seqs(page)) == (2, [3, 2])


@pytest.mark.parametrize("cursor", ["", "zzz", "ä", encode_cursor("text"), encode_cursor({"a": 1})])
def test_a_foreign_cursor_is_refused(room, cursor):
    with pytest.raises(InvalidInput) as refused:
        history(room, cursor=cursor)

    assert refused.value.data == {"field": "cursor"}


@pytest.mark.parametrize("position", [0, -1, 10**30, -(10**30)])
def test_a_cursor_beyond_any_message_is_harmless(room, member, position):
    post(member, room)

    assert seqs(history(room, cursor=encode_cursor(position))) == ([2] if position > 2 else [])


def test_repeated_nonces_are_found_by_room_author_and_nonce_together(room, community, member):
    message = post(member, room, nonce="n1")
    other_room = make_room(community)
    post(member, other_room, nonce="n2")
    key = queries.NonceKey(RoomId(room.pk), member.user_id, "n1")

    found = find_repeated({key, key._replace(nonce="n2"), key._replace(room_id=RoomId(other_room.pk))})()

    assert found == {key: message}
