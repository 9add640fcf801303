"""Standings: one statement must tell what access loads in two, for everybody who may ever ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from accounts.models import VerifiedPhone
from accounts.payloads import user_payload
from chat.actions.overwrites import OverwriteTarget, put_room_overwrite
from chat.constants import ChatPermission, OverwriteKind, RoomMemberState
from chat.queries import overwrites
from chat.queries.message_batches import LoadedFacts, find_standings
from chat.queries.resources import room_resource
from communities.access import Question, database_facts, find_live_gates
from communities.constants import MembershipStatus
from communities.gates.facts import VERIFIED_PHONE
from communities.models import Community, Membership
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.ids import RoomId, UserId, uuid7
from tests.factories.accounts import actor_for, make_user
from tests.factories.chat import make_room, make_room_member
from tests.factories.communities import Rank, make_community, make_member
from tests.factories.gates import gate

pytestmark = pytest.mark.django_db


def question(actor, room) -> Question:
    return Question(actor, ChatPermission.SEND_MESSAGE, room_resource(room))


def agree(questions) -> None:
    """Check that both ways to load give the same facts, but for the moment of the question."""
    standings = find_standings({(RoomId(asked.resource.id), asked.actor.user_id) for asked in questions})()
    at = now()
    ours = [replace(facts, at=at) for facts in LoadedFacts(standings).load(questions)]
    assert ours == [replace(facts, at=at) for facts in database_facts.load(questions)]
    assert [standings[RoomId(asked.resource.id), asked.actor.user_id].resource for asked in questions] == [
        asked.resource for asked in questions
    ]


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("state", [None, *RoomMemberState])
@pytest.mark.parametrize("status", [None, *MembershipStatus])
def test_the_facts_are_those_of_access_for_every_membership_and_participation(private, state, status):
    questions = []
    for rank in Rank:
        for active in (True, False):
            for added_before_joining in (True, False):
                user, community = make_user(is_active=active), make_community()
                room = make_room(community, private=private)
                if status is not None:
                    member = make_member(community, user, rank=rank, status=status, timed_out_until=now())
                if state is not None:
                    own = make_room_member(room, user, state)
                    own.added_at = (now() if status is None else member.joined_at) - timedelta(
                        seconds=1 if added_before_joining else -1
                    )
                    own.save()
                questions.append(question(actor_for(user), room))
    agree(questions)


def test_facts_of_several_rooms_and_communities_do_not_mix(community):
    elsewhere = make_community()
    member, stranger = make_member(community), make_member(elsewhere, rank=Rank.OWNER)
    rooms = [make_room(community), make_room(community, member.user, private=True), make_room(elsewhere)]
    agree([question(actor_for(user), room) for room in rooms for user in (member.user, stranger.user)])


@pytest.mark.parametrize(
    ("required", "accepted", "owes"), [(0, 0, False), (2, 0, True), (2, 1, True), (2, 2, False), (2, 3, False)]
)
def test_whether_rules_wait_for_acceptance_is_known_in_the_same_statement(community, required, accepted, owes):
    member, room = make_member(community), make_room(community)
    Community.objects.filter(pk=community.pk).update(rules_required=required)
    Membership.objects.filter(pk=member.pk).update(rules_accepted=accepted)
    asked = question(actor_for(member.user), room)

    agree([asked])
    assert database_facts.load([asked])[0].membership.owes_rules is owes


def test_nobody_and_who_has_no_account_are_known_as_such(community):
    room, unknown = make_room(community), UserId(uuid7())
    standings = find_standings({(RoomId(room.pk), None), (RoomId(room.pk), unknown)})()
    assert standings[RoomId(room.pk), None].author is None
    assert standings[RoomId(room.pk), None].facts.signed_in is False
    assert standings[RoomId(room.pk), unknown].author is None
    assert standings[RoomId(room.pk), unknown].facts.account_active is False
    agree([question(ANONYMOUS, room)])


def test_a_room_that_does_not_exist_has_no_standings_and_one_that_does_tells_what_posting_needs(community, member):
    room = make_room(community)
    room.archived_at = now()
    room.save()
    user_id = UserId(member.user_id)
    standings = find_standings({(RoomId(room.pk), user_id), (RoomId(uuid7()), user_id)})()
    assert standings.keys() == {(room.pk, user_id)}
    (standing,) = standings.values()
    assert (standing.is_archived, standing.author) == (True, user_payload(member.user))


OLD = {"type": "not", "of": {"type": "account_age", "days": 30}}


def pairs_of(questions):
    return {(RoomId(asked.resource.id), asked.actor.user_id) for asked in questions}


def test_what_gates_read_is_known_as_access_knows_it(community):
    room, plain = make_room(community), make_room(make_community())
    member, removed = make_member(community), make_member(community, status=MembershipStatus.REMOVED)
    gate(community, OLD)
    gate(room, {"type": "not", "of": {"type": "member_for", "days": 1}})
    room.refresh_from_db()
    users = [member.user, removed.user, make_user()]
    agree([question(actor_for(user), one) for user in users for one in (room, plain)])


def test_facts_are_read_once_per_access_epoch(community, django_assert_num_queries):
    room, member = make_room(community), make_member(community)
    gate(community, OLD)
    room.refresh_from_db()
    pairs = pairs_of([question(actor_for(member.user), room)])
    with django_assert_num_queries(2):
        [before] = find_standings(pairs)().values()
    VerifiedPhone.objects.create(user=member.user, number="+447700900123")
    with django_assert_num_queries(1):
        [remembered] = find_standings(pairs)().values()
    assert remembered.facts.known == before.facts.known
    Membership.objects.filter(pk=member.pk).update(access_epoch=member.access_epoch + 1)
    with django_assert_num_queries(2):
        [after] = find_standings(pairs)().values()
    assert after.facts.membership.access_epoch == before.facts.membership.access_epoch + 1


def test_another_version_reads_what_the_one_before_did_not(community, django_assert_num_queries):
    room, member = make_room(community), make_member(community)
    VerifiedPhone.objects.create(user=member.user, number="+447700900123")
    pairs = pairs_of([question(actor_for(member.user), room)])
    gate(community, OLD)
    find_standings(pairs)()
    second = gate(community, {"type": "any", "of": [OLD, {"type": "verified_phone"}]})
    find_live_gates([second.id])  # once per process
    with django_assert_num_queries(2):
        [standing] = find_standings(pairs)().values()
    assert standing.facts.known[VERIFIED_PHONE] is True


def test_rooms_without_gates_cost_one_statement(community, django_assert_num_queries):
    room, member = make_room(community), make_member(community)
    with django_assert_num_queries(1):
        [standing] = find_standings(pairs_of([question(actor_for(member.user), room)]))().values()
    assert standing.facts.known == {}


def test_overwrites_come_with_the_room_and_cost_a_statement_once_per_version(community, django_assert_num_queries):
    room, plain, member = make_room(community), make_room(community), make_member(community)
    target = OverwriteTarget(OverwriteKind.MEMBER, member.user_id)
    put_room_overwrite(SYSTEM, room_id=RoomId(room.pk), target=target, deny=[ChatPermission.SEND_MESSAGE])
    room.refresh_from_db()
    overwrites._parsed.clear()
    pairs = pairs_of([question(actor_for(member.user), plain)]) | {(RoomId(room.pk), UserId(member.user_id))}
    with django_assert_num_queries(2):
        standings = find_standings(pairs)()
    with django_assert_num_queries(1):
        find_standings(pairs)()
    assert standings[RoomId(plain.pk), member.user_id].resource.overwrites is None
    agree([question(actor_for(who), one) for who in (member.user, make_user()) for one in (room, plain)])
