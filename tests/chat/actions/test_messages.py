"""Posting one message, editing and deleting: who may, what is told, and what a refusal leaves as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from chat.actions.messages import delete_message, edit_message, post_message, take_message_allowance
from chat.errors import EditWindowOver, MessageIsDeleted, NotTheAuthor, RoomIsArchived
from chat.events import MessageCreated, MessageDeleted, MessageEdited
from chat.models import Message, MessageEdit
from communities.actions.rules import accept_rules
from communities.constants import MembershipStatus
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import InvalidInput, NotFound, RateLimited, Unauthenticated
from kernel.ids import CommunityId, MessageId, RoomId, uuid7
from tests.event_log import events_of
from tests.factories.chat import make_room, post, room_topic
from tests.factories.communities import Rank, acting, make_community, make_member, make_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(community):
    return make_room(community)


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


def test_a_member_posts_and_the_room_is_told(room, member, replayed):
    with replayed(room):
        posted = post_message(acting(member), room_id=RoomId(room.pk), body="  Ahoy\n", nonce="n1")

    message = Message.objects.get()
    assert (message.body, message.nonce, message.seq, message.room_id) == ("Ahoy", "n1", posted.seq, room.pk)
    assert (message.author_id, message.community_id) == (member.user_id, room.community_id)
    assert (posted.topic, posted.id, posted.payload.body) == (room_topic(room), message.pk, "Ahoy")
    assert events_of(room_topic(room))[1:] == [(posted.seq, "message.created", MessageCreated(message=posted.payload))]


def test_a_retry_with_the_same_nonce_gives_the_first_message_and_tells_nothing(room, member, untouched):
    first = post(member, room, "Ahoy", nonce="n1")

    with untouched():
        again = post(member, room, "Ahoy, changed", nonce="n1")

    assert again == first


def test_a_nonce_belongs_to_its_author_and_its_room(room, community, member):
    other_room = make_room(community)
    other_member = make_member(community)

    posted = [
        post(member, room, nonce="n1"),
        post(other_member, room, nonce="n1"),
        post(member, other_room, nonce="n1"),
    ]

    assert len({message.id for message in posted}) == 3


def test_an_answer_names_the_message_that_it_answers(room, member, replayed):
    question = post(member, room, "Who goes there?")

    with replayed(room):
        answer = post(member, room, "A friend", reply_to=MessageId(question.id))

    assert answer.reply_to == question.id


def test_an_answer_to_a_message_of_another_room_is_refused(room, community, member, untouched):
    elsewhere = post(member, make_room(community))

    with untouched(), pytest.raises(InvalidInput) as refused:
        post(member, room, reply_to=MessageId(elsewhere.id))

    assert refused.value.data == {"field": "reply_to"}


@pytest.mark.parametrize(
    ("body", "nonce", "field"),
    [
        ("", "n", "body"),
        (" \n\t\u200b ", "n", "body"),
        ("x" * 4_001, "n", "body"),
        ("a\0b", "n", "body"),
        ("\ud800", "n", "body"),
        ("fine", "", "nonce"),
        ("fine", "n" * 65, "nonce"),
        ("fine", "\0", "nonce"),
        ("fine", "\udfff", "nonce"),
    ],
)
def test_what_cannot_be_a_message_is_refused_with_its_field(room, member, untouched, body, nonce, field):
    with untouched(), pytest.raises(InvalidInput) as refused:
        post_message(acting(member), room_id=RoomId(room.pk), body=body, nonce=nonce)

    assert refused.value.data == {"field": field}


def test_the_longest_message_fits(room, member):
    assert post(member, room, "x" * 4_000).body == "x" * 4_000


@pytest.mark.parametrize("status", [MembershipStatus.APPLIED, MembershipStatus.REMOVED, MembershipStatus.BANNED])
def test_who_is_not_a_member_posts_nothing_and_learns_nothing(room, community, untouched, status):
    outsider = make_member(community, status=status)

    with untouched(), pytest.raises(NotFound):
        post(outsider, room)


def test_who_owes_acceptance_of_the_rules_posts_nothing_until_they_accept(room, community, member, untouched):
    make_rules(community)
    with untouched(), pytest.raises(AccessRefused) as refused:
        post(member, room)
    assert refused.value.code == "rules.not_accepted"

    accept_rules(acting(member), community_id=CommunityId(community.pk), number=1)
    assert post(member, room, "Ahoy").body == "Ahoy"


def test_who_is_timed_out_posts_nothing_and_is_told_until_when(room, community, untouched):
    until = now() + timedelta(hours=1)
    timed_out = make_member(community, status=MembershipStatus.TIMED_OUT, timed_out_until=until)

    with untouched(), pytest.raises(AccessRefused) as refused:
        post(timed_out, room)

    assert (refused.value.code, refused.value.decision.expires_at) == ("membership.timed_out", until)


@pytest.mark.parametrize("rank", list(Rank))
def test_no_rank_opens_a_private_room(community, untouched, rank):
    private = make_room(community, private=True)

    with untouched(), pytest.raises(NotFound):
        post(make_member(community, rank=rank), private)


def test_a_room_that_does_not_exist_looks_like_one_that_is_not_yours(member, untouched):
    with untouched(), pytest.raises(NotFound):
        post_message(acting(member), room_id=RoomId(uuid7()), body="Ahoy", nonce="n")


@pytest.mark.parametrize("actor", [ANONYMOUS, SYSTEM])
def test_a_message_needs_a_user(room, untouched, actor):
    with untouched(), pytest.raises(Unauthenticated):
        post_message(actor, room_id=RoomId(room.pk), body="Ahoy", nonce="n")


def test_an_archived_room_takes_no_message_no_edit_and_no_deletion(room, member, untouched):
    message = post(member, room)
    room.archived_at = now()
    room.save()

    with untouched():
        with pytest.raises(RoomIsArchived):
            post(member, room)
        with pytest.raises(RoomIsArchived):
            edit_message(acting(member), message_id=MessageId(message.id), body="Changed")
        with pytest.raises(RoomIsArchived):
            delete_message(acting(member), message_id=MessageId(message.id))


def test_an_author_edits_and_what_it_said_is_kept(room, member, replayed):
    message = post(member, room, "Ahoi")

    with replayed(room):
        edited = edit_message(acting(member), message_id=MessageId(message.id), body=" Ahoy ")

    assert (edited.body, edited.id, edited.seq) == ("Ahoy", message.id, message.seq)
    assert edited.edited_at is not None
    assert events_of(room_topic(room))[-1][1:] == ("message.edited", MessageEdited(message=edited))
    assert list(MessageEdit.objects.values_list("message_id", "body", "editor_id")) == [
        (message.id, "Ahoi", member.user_id)
    ]


def test_an_edit_that_changes_nothing_tells_nothing(room, member, untouched):
    message = post(member, room, "Ahoy")

    with untouched():
        assert edit_message(acting(member), message_id=MessageId(message.id), body="Ahoy") == message


def test_nobody_edits_the_message_of_another_moderators_included(room, member, moderator, untouched):
    message = post(member, room)

    with untouched(), pytest.raises(NotTheAuthor):
        edit_message(acting(moderator), message_id=MessageId(message.id), body="Changed")


def test_the_edit_window_closes_after_a_day(room, member, untouched):
    message = post(member, room)

    with time_machine.travel(now() + timedelta(hours=23, minutes=59)):
        edit_message(acting(member), message_id=MessageId(message.id), body="Changed in time")
    with untouched(), time_machine.travel(now() + timedelta(hours=24, minutes=1)), pytest.raises(EditWindowOver):
        edit_message(acting(member), message_id=MessageId(message.id), body="Too late")


def test_an_edit_is_checked_like_a_new_message(room, member, untouched):
    message = post(member, room)

    with untouched(), pytest.raises(InvalidInput) as refused:
        edit_message(acting(member), message_id=MessageId(message.id), body=" ")

    assert refused.value.data == {"field": "body"}


@pytest.mark.parametrize("act", [delete_message, lambda actor, **ids: edit_message(actor, body="Changed", **ids)])
def test_who_cannot_read_a_message_cannot_change_it_or_learn_of_it(room, member, untouched, act):
    message = post(member, room)
    stranger = make_member(make_community(), rank=Rank.OWNER)

    with untouched():
        with pytest.raises(NotFound):
            act(acting(stranger), message_id=MessageId(message.id))
        with pytest.raises(NotFound):
            act(acting(member), message_id=MessageId(uuid7()))
        with pytest.raises(Unauthenticated):
            act(ANONYMOUS, message_id=MessageId(message.id))


@pytest.mark.parametrize("role", ["author", "moderator"])
def test_the_author_and_moderators_delete_and_the_body_is_gone(room, member, moderator, replayed, role):
    message = post(member, room, "Sank the ship")
    actor = acting(member if role == "author" else moderator)

    with replayed(room):
        delete_message(actor, message_id=MessageId(message.id))

    row = Message.objects.get()
    assert (row.body, row.deleted_at is not None) == ("", True)
    assert events_of(room_topic(room))[-1][1:] == ("message.deleted", MessageDeleted(id=message.id, seq=message.seq))
    assert list(MessageEdit.objects.values_list("body", "editor_id")) == [("Sank the ship", actor.user_id)]


def test_deleting_twice_tells_once(room, member, untouched):
    message = post(member, room)
    delete_message(acting(member), message_id=MessageId(message.id))

    with untouched():
        delete_message(acting(member), message_id=MessageId(message.id))


def test_a_deleted_message_cannot_be_edited(room, member, untouched):
    message = post(member, room)
    delete_message(acting(member), message_id=MessageId(message.id))

    with untouched(), pytest.raises(MessageIsDeleted):
        edit_message(acting(member), message_id=MessageId(message.id), body="Back again")


def test_another_member_deletes_nothing(room, community, member, untouched):
    message = post(member, room)

    with untouched(), pytest.raises(AccessRefused):
        delete_message(acting(make_member(community)), message_id=MessageId(message.id))


def test_a_user_has_an_allowance_per_room(room, community, member):
    other_room = make_room(community)

    for _ in range(20):
        take_message_allowance(acting(member), RoomId(room.pk))
    take_message_allowance(acting(member), RoomId(other_room.pk))
    with pytest.raises(RateLimited) as refused:
        take_message_allowance(acting(member), RoomId(room.pk))

    assert refused.value.data == {"limit": "message.create"}
