"""The rules, without a database: what follows from facts, and what never does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from chat.constants import PERMISSION_RULES as CHAT_RULES
from chat.constants import ChatPermission
from communities.access import Facts, MembershipFacts, Participation, Resource, evaluate
from communities.constants import (
    CURRENT_STATUSES,
    PERMISSION_RULES,
    Holder,
    MembershipStatus,
    Permission,
    PermissionName,
    StartingRole,
)
from kernel.decision import Decision, Missing, Remedy
from kernel.ids import CommunityId, UserId, uuid7

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMUNITY_ID = CommunityId(uuid7())
COMMUNITY = Resource(COMMUNITY_ID, "community", COMMUNITY_ID)
OPEN_COMMUNITY = Resource(COMMUNITY_ID, "community", COMMUNITY_ID, "public")
ROOM = Resource(COMMUNITY_ID, "room", uuid7(), shown_by=ChatPermission.VIEW_ROOM)
PRIVATE_ROOM = Resource(COMMUNITY_ID, "room", uuid7(), "private", ChatPermission.VIEW_ROOM)

RULES = {rule.name: rule for rule in (*PERMISSION_RULES, *CHAT_RULES)}

permissions = st.sampled_from([*RULES])
resources = st.sampled_from([COMMUNITY, OPEN_COMMUNITY, ROOM, PRIVATE_ROOM])
permission_sets = st.frozensets(permissions)
memberships = st.builds(
    MembershipFacts,
    user_id=st.just(UserId(uuid7())),
    status=st.sampled_from(MembershipStatus),
    timed_out_until=st.none() | st.sampled_from([AT - timedelta(seconds=1), AT, AT + timedelta(hours=1)]),
    access_epoch=st.integers(1, 9),
    joined_at=st.just(AT),
    is_owner=st.booleans(),
    is_guest=st.booleans(),
    owes_rules=st.booleans(),
    permissions=permission_sets,
)
all_facts = st.builds(
    Facts,
    at=st.just(AT),
    signed_in=st.booleans(),
    account_active=st.sampled_from([True, False, UNSET]),
    membership=st.none() | st.just(UNSET) | memberships,
    participation=st.sampled_from([None, UNSET, *Participation]),
)


MEMBERS = frozenset(name for name, rule in RULES.items() if rule.starts_in is StartingRole.MEMBER)
EVERYTHING = frozenset(RULES)


def facts_of(
    permissions: frozenset[str] = MEMBERS,
    *,
    status: MembershipStatus = MembershipStatus.ACTIVE,
    until: datetime | None = None,
    participation: Participation | None = None,
    **others: bool,
) -> Facts:
    membership = MembershipFacts(
        user_id=UserId(uuid7()),
        status=status,
        timed_out_until=until,
        access_epoch=7,
        joined_at=AT,
        permissions=permissions,
        **others,
    )
    return Facts(at=AT, signed_in=True, account_active=True, membership=membership, participation=participation)


STRANGER = Facts(at=AT, signed_in=True, account_active=True, membership=None, participation=None)


@given(all_facts, permissions, resources)
def test_a_ban_never_allows_and_never_shows_anything(facts, permission, resource):
    banned = replace(facts_of(status=MembershipStatus.BANNED), participation=facts.participation)

    decision = evaluate(banned, permission, resource)

    assert (decision.allowed, decision.visible, decision.code) == (False, False, "membership.banned")


@given(all_facts, permissions, resources, st.sampled_from(["account_active", "membership"]))
def test_without_knowing_account_or_membership_nothing_is_allowed(facts, permission, resource, unknown):
    decision = evaluate(replace(facts, **{unknown: UNSET}), permission, resource)

    assert (decision.allowed, decision.visible) == (False, False)


@given(all_facts, permissions, resources, st.sampled_from(["account_active", "membership", "participation"]))
def test_forgetting_a_fact_never_allows_what_was_refused(facts, permission, resource, forgotten):
    if not evaluate(facts, permission, resource).allowed:
        assert not evaluate(replace(facts, **{forgotten: UNSET}), permission, resource).allowed


@given(all_facts, permissions, resources)
def test_forgetting_a_fact_never_shows_what_was_hidden(facts, permission, resource):
    for forgotten in ("account_active", "membership", "participation"):
        if not evaluate(facts, permission, resource).visible:
            assert not evaluate(replace(facts, **{forgotten: UNSET}), permission, resource).visible


@given(all_facts, memberships, permissions, resources, permission_sets)
def test_more_permissions_never_take_anything(facts, membership, permission, resource, more):
    fewer = evaluate(replace(facts, membership=membership), permission, resource)
    richer = replace(membership, permissions=membership.permissions | more)

    decision = evaluate(replace(facts, membership=richer), permission, resource)

    assert (decision.allowed, decision.visible) >= (fewer.allowed, fewer.visible)


@given(all_facts, memberships, permissions, resources)
def test_the_owner_may_all_that_anybody_else_may(facts, membership, permission, resource):
    owner = replace(facts, membership=replace(membership, is_owner=True, is_guest=False))

    assert (
        evaluate(owner, permission, resource).allowed
        >= evaluate(replace(facts, membership=membership), permission, resource).allowed
    )


@given(all_facts, memberships, permissions, resources)
def test_a_guest_may_nothing_that_a_full_member_may_not(facts, membership, permission, resource):
    full = replace(facts, membership=replace(membership, is_guest=False))
    guest = replace(facts, membership=replace(membership, is_guest=True))

    assert evaluate(guest, permission, resource).allowed <= evaluate(full, permission, resource).allowed


@given(
    permission_sets,
    permissions,
    st.sampled_from([ROOM, PRIVATE_ROOM]),
    st.sampled_from([None, UNSET, Participation.REMOVED]),
)
def test_a_guest_knows_nothing_of_what_they_were_not_added_to(given, permission, resource, participation):
    facts = replace(facts_of(given, is_guest=True), participation=participation)

    decision = evaluate(facts, permission, resource)

    assert (decision.allowed, decision.visible) == (False, False)


@pytest.mark.parametrize("permission", RULES)
def test_in_the_community_itself_a_guest_counts_as_a_member_and_no_more(permission):
    allowed = {Permission.VIEW_CARD, Permission.BELONG, ChatPermission.LIST_ROOMS}

    assert evaluate(facts_of(EVERYTHING, is_guest=True), permission, COMMUNITY).allowed is (permission in allowed)


@given(memberships, permissions, permission_sets)
def test_a_room_that_the_roles_do_not_show_is_as_if_it_were_not_there(membership, permission, given):
    blind = replace(membership, is_owner=False, permissions=given - {ChatPermission.VIEW_ROOM})
    facts = replace(STRANGER, membership=blind, participation=Participation.MEMBER)

    decision = evaluate(facts, permission, ROOM)

    assert (decision.allowed, decision.visible) == (False, False)


def test_a_permission_that_nobody_registered_is_had_by_the_owner_alone():
    class Unheard(PermissionName):
        OF = "unheard.of"

    facts = facts_of(frozenset({Unheard.OF}))
    assert not evaluate(facts, Unheard.OF, COMMUNITY).allowed


@given(memberships, permissions, st.sampled_from([None, UNSET, Participation.REMOVED]))
def test_a_private_room_is_invisible_to_whoever_does_not_take_part_in_it_whatever_their_role(
    membership, permission, participation
):
    facts = replace(STRANGER, membership=membership, participation=participation)

    decision = evaluate(facts, permission, PRIVATE_ROOM)

    assert (decision.allowed, decision.visible) == (False, False)


@given(memberships, permissions, st.sampled_from([ROOM, PRIVATE_ROOM]))
def test_who_was_removed_from_a_room_sees_nothing_of_it(membership, permission, resource):
    facts = replace(STRANGER, membership=membership, participation=Participation.REMOVED)

    decision = evaluate(facts, permission, resource)

    assert (decision.allowed, decision.visible) == (False, False)


@given(permission_sets, permissions, resources)
def test_a_time_out_takes_all_but_reading_and_gives_the_moment_of_its_end(given, permission, resource):
    until = AT + timedelta(seconds=1)
    active = facts_of(given, participation=Participation.MEMBER)
    timed_out = facts_of(given, status=MembershipStatus.TIMED_OUT, until=until, participation=Participation.MEMBER)

    decision = evaluate(timed_out, permission, resource)

    active_is_shown = resource.kind == "community" or ChatPermission.VIEW_ROOM in given
    if RULES[permission].reads:
        assert decision == evaluate(active, permission, resource)
    else:
        assert (decision.allowed, decision.visible, decision.code) == (False, active_is_shown, "membership.timed_out")
        assert decision.expires_at == until


@given(permission_sets, permissions, resources, st.timedeltas(timedelta(0), timedelta(days=99)))
def test_a_time_out_ends_by_time_alone(given, permission, resource, later):
    timed_out = facts_of(given, status=MembershipStatus.TIMED_OUT, until=AT, participation=Participation.MEMBER)
    active = facts_of(given, participation=Participation.MEMBER)

    assert evaluate(replace(timed_out, at=AT + later), permission, resource) == evaluate(active, permission, resource)


@given(all_facts, permissions, resources)
def test_time_can_change_an_answer_only_at_the_moment_that_the_answer_names(facts, permission, resource):
    decision = evaluate(facts, permission, resource)
    last_moment = decision.expires_at - timedelta(microseconds=1) if decision.expires_at else datetime.max  # noqa: DTZ901
    moment = last_moment.replace(tzinfo=UTC)

    assert evaluate(replace(facts, at=moment), permission, resource) == decision


@given(all_facts, permissions, resources)
def test_only_current_members_get_past_the_public_card(facts, permission, resource):
    decision = evaluate(facts, permission, resource)

    is_member = isinstance(facts.membership, MembershipFacts) and facts.membership.status in CURRENT_STATUSES
    if decision.allowed and not is_member:
        assert (permission, resource) == (Permission.VIEW_CARD, OPEN_COMMUNITY)
    if not decision.allowed and decision.visible:
        assert is_member


@given(all_facts, permissions, resources)
def test_a_refusal_shows_only_what_may_be_read_anyway(facts, permission, resource):
    if evaluate(facts, permission, resource).visible:
        reading = Permission.VIEW_CARD if resource.kind == "community" else ChatPermission.VIEW_ROOM
        assert evaluate(facts, reading, resource).allowed


@pytest.mark.parametrize("permission", RULES)
@pytest.mark.parametrize("given", [MEMBERS, EVERYTHING])
def test_a_member_may_exactly_what_membership_and_roles_give(given, permission):
    holder = RULES[permission].holder
    expected = holder is Holder.MEMBERS or (holder is Holder.ROLES and permission in given)

    assert evaluate(facts_of(given), permission, COMMUNITY).allowed is expected


@given(memberships, permissions, resources)
def test_rules_that_wait_for_acceptance_close_writing_and_nothing_else(membership, permission, resource):
    def answer(owes_rules: bool) -> Decision:
        facts = replace(facts_of(), membership=replace(membership, owes_rules=owes_rules))
        return evaluate(facts, permission, resource)

    if permission not in (ChatPermission.SEND_MESSAGE, ChatPermission.OPEN_DIRECT_ROOM):
        assert answer(owes_rules=True) == answer(owes_rules=False)
    elif answer(owes_rules=False).allowed:
        assert (answer(owes_rules=True).code, answer(owes_rules=True).visible) == ("rules.not_accepted", True)
    else:
        assert not answer(owes_rules=True).allowed


def test_an_answer_carries_the_epoch_that_it_was_computed_at():
    assert evaluate(facts_of(), ChatPermission.SEND_MESSAGE, ROOM) == Decision(allowed=True, epoch=7)


def test_nobody_is_asked_to_sign_in_first():
    remedy = Remedy(text="Sign in to do this.", route="/api/v1/auth/login")

    assert evaluate(Facts(at=AT, signed_in=False), Permission.VIEW_CARD, OPEN_COMMUNITY) == Decision(
        allowed=False,
        code="auth.required",
        visible=False,
        missing=(Missing(requirement="authentication", remedy=remedy),),
        remedy=remedy,
    )


def test_a_stranger_is_told_how_to_join_an_open_community():
    remedy = Remedy(text="Join this community first.", route=f"/api/v1/communities/{COMMUNITY_ID}/join")

    assert evaluate(STRANGER, Permission.LIST_MEMBERS, OPEN_COMMUNITY) == Decision(
        allowed=False,
        code="membership.required",
        visible=False,
        missing=(Missing(requirement="membership", remedy=remedy),),
        remedy=remedy,
    )


def test_a_member_without_the_permission_is_refused_openly():
    assert evaluate(facts_of(), ChatPermission.CREATE_ROOM, COMMUNITY) == Decision(
        allowed=False, code="permission.denied", missing=(Missing(requirement="permission"),), epoch=7
    )


def test_a_deactivated_account_may_nothing():
    facts = replace(facts_of(EVERYTHING, is_owner=True), account_active=False)

    assert evaluate(facts, Permission.VIEW_COMMUNITY, COMMUNITY) == Decision(
        allowed=False, code="account.inactive", visible=False, epoch=7
    )
