"""Overwrites of single things, without a database: whose word counts, and what no overwrite can do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.constants import ChatPermission
from communities.access import (
    Facts,
    MemberOverwrite,
    MembershipFacts,
    Overwrite,
    Overwrites,
    Participation,
    Resource,
    evaluate,
)
from communities.constants import MembershipStatus, Permission
from kernel.decision import Decision, Missing, Remedy
from kernel.ids import CommunityId, RoleId, UserId, uuid7

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMUNITY_ID = CommunityId(uuid7())
ROOM = Resource(COMMUNITY_ID, "room", uuid7(), shown_by=ChatPermission.VIEW_ROOM)
PRIVATE_ROOM = replace(ROOM, visibility="private")
SEND = ChatPermission.SEND_MESSAGE
HIGH, LOW, DEFAULT = (RoleId(uuid7()) for _ in range(3))
USER = UserId(uuid7())
IN_ROOMS = (
    ChatPermission.VIEW_ROOM,
    ChatPermission.MANAGE_ROOM,
    ChatPermission.MODERATE_ROOM,
    ChatPermission.READ_MESSAGES,
    SEND,
    ChatPermission.DELETE_ANY_MESSAGE,
)

given_or_taken = st.sampled_from([True, False, None])
permissions = st.sampled_from(IN_ROOMS)
permission_sets = st.frozensets(permissions)


def facts_of(permissions: frozenset[str] = frozenset(IN_ROOMS), **others: object) -> Facts:
    own = {"user_id": USER, "status": MembershipStatus.ACTIVE, "timed_out_until": None, "access_epoch": 7}
    own |= {"joined_at": AT, "permissions": permissions, "role_ids": (HIGH, LOW, DEFAULT), **others}
    membership = MembershipFacts(**own)
    return Facts(at=AT, signed_in=True, account_active=True, membership=membership, participation=None)


def word(said: bool | None, permission: str = SEND) -> Overwrite:
    one = frozenset({permission})
    return Overwrite(one if said is True else frozenset(), one if said is False else frozenset())


def own_word(said: bool | None, permission: str = SEND, *, made_at: datetime = AT) -> MemberOverwrite:
    overwrite = word(said, permission)
    return MemberOverwrite(overwrite.allow, overwrite.deny, made_at)


def room_with(roles: dict[RoleId, Overwrite], own: MemberOverwrite | None = None, room: Resource = ROOM) -> Resource:
    return replace(room, overwrites=Overwrites(roles, {} if own is None else {USER: own}))


any_sets = st.tuples(permission_sets, permission_sets).map(lambda sets: (sets[0] - sets[1], sets[1]))
any_overwrites = st.builds(
    Overwrites,
    roles=st.dictionaries(st.sampled_from([HIGH, LOW, DEFAULT]), any_sets.map(lambda sets: Overwrite(*sets))),
    members=st.dictionaries(st.just(USER), any_sets.map(lambda sets: MemberOverwrite(*sets, AT))),
)


@given(st.booleans(), given_or_taken, given_or_taken, given_or_taken, given_or_taken)
def test_the_member_counts_before_their_roles_and_these_before_the_default_one(by_roles, default, low, high, own):
    room = room_with({DEFAULT: word(default), LOW: word(low), HIGH: word(high)}, own_word(own))
    held = frozenset({ChatPermission.VIEW_ROOM, *([SEND] if by_roles else [])})
    among_roles = None if (low, high) == (None, None) else True in (low, high)
    expected = next(said for said in (own, among_roles, default, by_roles) if said is not None)

    assert evaluate(facts_of(held), SEND, room).allowed is expected


@given(any_overwrites, permissions)
def test_the_owner_is_not_bound(overwrites, permission):
    facts = facts_of(frozenset(), is_owner=True)

    assert evaluate(facts, permission, replace(ROOM, overwrites=overwrites)).allowed


@given(any_overwrites, permission_sets, permissions, st.booleans())
def test_no_overwrite_opens_a_private_room_or_gives_guests_what_they_were_not_added_to(
    overwrites, held, permission, is_guest
):
    room = replace(PRIVATE_ROOM if not is_guest else ROOM, overwrites=overwrites)

    decision = evaluate(facts_of(held, is_guest=is_guest), permission, room)

    assert (decision.allowed, decision.visible) == (False, False)


@given(any_overwrites, permission_sets, permissions)
def test_overwrites_of_others_change_nothing(overwrites, held, permission):
    someone_else = replace(overwrites, members={UserId(uuid7()): one for one in overwrites.members.values()})
    other_roles = replace(someone_else, roles={RoleId(uuid7()): one for one in overwrites.roles.values()})

    assert evaluate(facts_of(held), permission, replace(ROOM, overwrites=other_roles)) == evaluate(
        facts_of(held), permission, ROOM
    )


@given(any_overwrites, permission_sets, st.sampled_from([Permission.MANAGE_ROLES, Permission.BELONG]))
def test_what_is_not_about_rooms_is_not_given_in_one(overwrites, held, permission):
    room = replace(ROOM, overwrites=overwrites)
    shown = evaluate(facts_of(held), ChatPermission.VIEW_ROOM, room).allowed

    assert evaluate(facts_of(held), permission, room).allowed is (shown and permission is Permission.BELONG)


def test_what_an_overwrite_takes_is_refused_with_a_code_of_its_own():
    remedy = Remedy(text="You may do this elsewhere, but not here. Ask who manages this place.")

    assert evaluate(facts_of(), SEND, room_with({DEFAULT: word(False)})) == Decision(
        allowed=False,
        code="overwrite.denied",
        missing=(Missing(requirement="overwrite", remedy=remedy),),
        remedy=remedy,
        epoch=7,
    )
    assert evaluate(facts_of(frozenset({ChatPermission.VIEW_ROOM})), SEND, room_with({})).code == "permission.denied"


@given(permissions)
def test_a_room_that_an_overwrite_hides_is_as_if_it_were_not_there(permission):
    decision = evaluate(facts_of(), permission, room_with({LOW: word(False, ChatPermission.VIEW_ROOM)}))

    assert (decision.allowed, decision.visible) == (False, False)


@pytest.mark.parametrize(("said", "counts"), [(True, False), (False, True)])
def test_what_was_given_to_a_member_ends_with_their_membership_and_what_was_taken_does_not(said, counts):
    before = AT - timedelta(seconds=1)
    held = frozenset(IN_ROOMS) if said is False else frozenset({ChatPermission.VIEW_ROOM})

    allowed = evaluate(facts_of(held), SEND, room_with({}, own_word(said, made_at=before))).allowed

    assert allowed is (said if counts else not said)


def test_a_participation_counts_beside_overwrites():
    room = room_with({DEFAULT: word(True)}, room=PRIVATE_ROOM)
    inside = replace(facts_of(frozenset({ChatPermission.VIEW_ROOM})), participation=Participation.MEMBER)

    assert evaluate(inside, SEND, room).allowed
