"""What the database itself holds together, whatever the code does."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from chat.constants import RoomKind, RoomVisibility
from chat.models import Message, ReadMarker, Room, RoomMember
from kernel.clock import now
from tests.factories.chat import make_room, make_room_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(community):
    return make_room(community)


def insert(room, member, **fields):
    row = {"room": room, "community_id": room.community_id, "author": member.user, "body": "x", "seq": 2, "nonce": "n"}
    with transaction.atomic():
        return Message.objects.create(**(row | fields))


@pytest.mark.parametrize(
    ("second", "constraint"),
    [
        ({"nonce": "other"}, "room_id_seq"),
        ({"seq": 3}, "room_id_author_id_nonce"),
        ({"seq": 3, "nonce": "other", "deleted_at": now()}, "chat_message_deleted_has_no_body"),
    ],
)
def test_a_seq_and_a_nonce_are_used_once_and_a_deleted_message_has_no_body(room, member, second, constraint):
    insert(room, member)

    with pytest.raises(IntegrityError, match=constraint):
        insert(room, member, **second)

    assert Message.objects.count() == 1


def test_messages_live_in_sixteen_partitions_and_a_room_in_one_of_them(community, member):
    for _ in range(3):
        room = make_room(community)
        for seq in range(2, 5):
            insert(room, member, seq=seq, nonce=str(seq))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT tableoid) FROM chat_message WHERE room_id = %s", [room.pk])
            assert cursor.fetchone() == (1,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'chat_message'::regclass")
        assert cursor.fetchone() == (16,)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": RoomKind.TEXT, "direct_key": "key"},
        {"kind": RoomKind.DIRECT, "visibility": RoomVisibility.PRIVATE},
        {"kind": RoomKind.DIRECT, "direct_key": "key"},
        {"kind": "other"},
        {"kind": RoomKind.TEXT, "visibility": "public"},
    ],
)
def test_a_direct_room_is_private_and_has_a_key_and_a_text_room_has_none(community, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        Room.objects.create(**({"community": community, "visibility": RoomVisibility.COMMUNITY} | fields))


def test_a_direct_key_is_used_once(community):
    direct = {"community": community, "kind": RoomKind.DIRECT, "visibility": RoomVisibility.PRIVATE, "direct_key": "k"}
    Room.objects.create(**direct)

    with pytest.raises(IntegrityError), transaction.atomic():
        Room.objects.create(**direct)


def test_a_user_has_one_state_and_one_marker_in_a_room(room, member):
    make_room_member(room, member.user)
    marker = {"room": room, "community_id": room.community_id, "user": member.user, "seq": 1}
    ReadMarker.objects.create(**marker)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_room_member(room, member.user)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReadMarker.objects.create(**marker)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoomMember.objects.update(state="guest")
