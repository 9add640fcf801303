"""Roles made, changed, ordered and deleted, and what that opens and closes: nobody reaches above themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.constants import ChatPermission
from communities import tasks
from communities.access import GateDraft
from communities.actions.catching_up import catch_up_with_time
from communities.actions.gates import put_gate
from communities.actions.memberships import ban_member
from communities.actions.roles import create_role, delete_role, reorder_roles, update_role
from communities.constants import INVITES_TOPIC, Permission
from communities.errors import PermissionNotHeld, RoleIsDefault, RoleTooHigh, TooManyRoles
from communities.events import AccessChanged
from communities.models import Membership, MembershipRole, Role
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, RoleId, UserId, uuid7
from tests.event_log import events_of, types_of
from tests.factories.chat import make_room
from tests.factories.communities import (
    Rank,
    acting,
    hold,
    make_community,
    make_entitlement,
    make_member,
    make_role,
    role_of,
)
from tests.factories.gates import gate
from tests.jobs import jobs_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def here(community):
    return CommunityId(community.pk)


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


@pytest.fixture
def moderators(community):
    return role_of(community, Rank.MODERATOR)


@pytest.fixture
def steward(community):
    """A member whose role, second from the bottom, manages roles and lists members."""
    steward = make_member(community)
    hold(steward, make_role(community, Permission.MANAGE_ROLES, Permission.LIST_MEMBERS, name="Stewards", position=2))
    return steward


def names(community) -> list[str]:
    return list(Role.objects.filter(community=community).order_by("-position").values_list("name", flat=True))


def revoked_in(topic) -> list[object]:
    return [event for _, _, event in events_of(topic) if isinstance(event, AccessRevoked)]


# --- Making ------------------------------------------------------------------------------------------------------------


def test_a_role_is_made_just_above_the_default_one(replayed, community, here, owner):
    with replayed(community):
        made = create_role(
            acting(owner), community_id=here, name="Pilots", colour="#b08d57", permissions=["member.ban", "member.add"]
        )

    assert (made.position, made.colour, made.permissions) == (1, "#b08d57", ("member.add", "member.ban"))
    assert names(community) == ["Moderator", "Pilots", "Member"]
    assert types_of(topic_for("community", here)) == ["role.created"]


@pytest.mark.parametrize("permission", ["king", "community.view", "community.transfer", ""])
def test_a_role_gives_only_what_roles_can_give(untouched, here, owner, permission):
    with untouched(), pytest.raises(InvalidInput) as refused:
        create_role(acting(owner), community_id=here, name="Pilots", permissions=[permission])

    assert refused.value.data == {"field": "permissions"}


def test_nobody_makes_a_role_that_gives_more_than_they_have(untouched, here, steward):
    with untouched(), pytest.raises(PermissionNotHeld):
        create_role(acting(steward), community_id=here, name="Pilots", permissions=[Permission.BAN_MEMBER])


def test_a_community_has_so_many_roles_and_no_more(untouched, settings, here, owner):
    settings.COMMUNITY_ROLES_MAX = 2
    with untouched(), pytest.raises(TooManyRoles):
        create_role(acting(owner), community_id=here, name="Pilots")


# --- Changing ----------------------------------------------------------------------------------------------------------


def test_name_and_colour_change_without_a_word_to_single_members(replayed, community, here, owner, moderators):
    moderator = make_member(community, rank=Rank.MODERATOR)

    with replayed(community):
        update_role(acting(owner), community_id=here, role_id=RoleId(moderators.pk), name="Guards", colour="#112233")

    assert Role.objects.get(pk=moderators.pk).name == "Guards"
    assert Membership.objects.get(pk=moderator.pk).access_epoch == 1
    assert types_of(topic_for("user", moderator.user_id)) == []


def test_who_loses_permissions_loses_what_they_opened_and_hears_of_it(replayed, community, here, owner, moderators):
    moderator, member = make_member(community, rank=Rank.MODERATOR), make_member(community)
    left = [name for name in moderators.permissions if name != Permission.MANAGE_INVITES]

    with replayed(community):
        update_role(acting(owner), community_id=here, role_id=RoleId(moderators.pk), permissions=left)

    assert revoked_in(topic_for(INVITES_TOPIC, here)) == [AccessRevoked(user=moderator.user_id)]
    assert [event for _, _, event in events_of(topic_for("user", moderator.user_id))] == [AccessChanged(community=here)]
    assert [row.access_epoch for row in Membership.objects.filter(pk__in=[moderator.pk, member.pk]).order_by("pk")] == [
        2,
        1,
    ]


def test_when_nobody_is_to_read_by_default_all_but_those_with_another_role_lose_the_rooms(community, here, owner):
    room = make_room(community)
    reader, member = make_member(community), make_member(community)
    hold(reader, make_role(community, ChatPermission.VIEW_ROOM, ChatPermission.READ_MESSAGES, position=7))

    update_role(acting(owner), community_id=here, role_id=RoleId(role_of(community, Rank.MEMBER).pk), permissions=[])

    assert revoked_in(topic_for("room", room.pk)) == [AccessRevoked(user=member.user_id)]
    assert revoked_in(topic_for("community", here)) == []


def test_the_same_again_changes_nothing(untouched, here, owner, moderators):
    with untouched():
        update_role(
            acting(owner),
            community_id=here,
            role_id=RoleId(moderators.pk),
            name=moderators.name,
            permissions=moderators.permissions[::-1],
        )


def test_nobody_changes_or_deletes_a_role_as_high_as_their_own_or_higher(untouched, community, here, steward):
    own, higher = steward.held.get().role, make_role(community, name="Cooks", position=3)

    with untouched():
        for role in (own, higher):
            with pytest.raises(RoleTooHigh):
                update_role(acting(steward), community_id=here, role_id=RoleId(role.pk), name="Mine")
            with pytest.raises(RoleTooHigh):
                delete_role(acting(steward), community_id=here, role_id=RoleId(role.pk))


def test_what_a_role_is_to_give_anew_its_maker_has_and_what_it_gives_already_may_stay(
    untouched, here, steward, moderators
):
    role_id = RoleId(moderators.pk)
    with untouched(), pytest.raises(PermissionNotHeld):
        update_role(
            acting(steward),
            community_id=here,
            role_id=role_id,
            permissions=[*moderators.permissions, "community.manage"],
        )

    changed = update_role(
        acting(steward), community_id=here, role_id=role_id, permissions=[*moderators.permissions, "member.list"]
    )
    assert "member.list" in changed.permissions


# --- Deleting ----------------------------------------------------------------------------------------------------------


def test_a_deleted_role_is_gone_from_everybody(replayed, community, here, owner, moderators):
    moderator = make_member(community, rank=Rank.MODERATOR)
    make_role(community, name="Cooks", position=2)

    with replayed(community):
        delete_role(acting(owner), community_id=here, role_id=RoleId(moderators.pk))

    assert names(community) == ["Cooks", "Member"]
    assert not MembershipRole.objects.filter(membership=moderator).exists()
    assert revoked_in(topic_for(INVITES_TOPIC, here)) == [AccessRevoked(user=moderator.user_id)]
    assert types_of(topic_for("community", here)) == ["role.deleted"]


def test_the_default_role_stays(untouched, community, here, owner):
    with untouched(), pytest.raises(RoleIsDefault):
        delete_role(acting(owner), community_id=here, role_id=RoleId(role_of(community, Rank.MEMBER).pk))


# --- Ordering ----------------------------------------------------------------------------------------------------------


def test_roles_stand_in_the_order_that_they_are_put_in(replayed, community, here, owner, moderators):
    cooks = make_role(community, name="Cooks", position=2)
    both = make_member(community, rank=Rank.MODERATOR)
    hold(both, cooks)

    with replayed(community):
        reorder_roles(acting(owner), community_id=here, role_ids=[RoleId(moderators.pk), RoleId(cooks.pk)])

    assert names(community) == ["Moderator", "Cooks", "Member"]
    assert types_of(topic_for("community", here)) == ["roles.reordered"]


@pytest.mark.parametrize("given", ["none", "twice", "unknown", "default"])
def test_an_order_names_every_role_but_the_default_one_once(untouched, community, here, owner, moderators, given):
    default = role_of(community, Rank.MEMBER)
    ids = {
        "none": [],
        "twice": [moderators.pk] * 2,
        "unknown": [uuid7()],
        "default": [moderators.pk, default.pk],
    }[given]
    with untouched(), pytest.raises(InvalidInput):
        reorder_roles(acting(owner), community_id=here, role_ids=[RoleId(role_id) for role_id in ids])


def test_nobody_moves_a_role_to_their_own_height_or_from_above_it(untouched, here, steward, moderators):
    own = steward.held.get().role
    with untouched(), pytest.raises(RoleTooHigh):
        reorder_roles(acting(steward), community_id=here, role_ids=[RoleId(moderators.pk), RoleId(own.pk)])


# --- Who may -----------------------------------------------------------------------------------------------------------

ACTS = [
    lambda actor, here, role_id: create_role(actor, community_id=here, name="Pilots"),
    lambda actor, here, role_id: update_role(actor, community_id=here, role_id=role_id, name="Pilots"),
    lambda actor, here, role_id: delete_role(actor, community_id=here, role_id=role_id),
    lambda actor, here, role_id: reorder_roles(actor, community_id=here, role_ids=[role_id]),
]


@pytest.mark.parametrize("act", ACTS, ids=["create", "update", "delete", "reorder"])
def test_only_who_manages_roles_does_and_strangers_learn_nothing(untouched, community, here, moderators, act):
    moderator = make_member(community, rank=Rank.MODERATOR)
    stranger = make_member(make_community(), rank=Rank.OWNER)

    with untouched():
        for actor, refusal in ((moderator, AccessRefused), (stranger, NotFound)):
            with pytest.raises(refusal):
                act(acting(actor), here, RoleId(moderators.pk))
        with pytest.raises(Unauthenticated):
            act(ANONYMOUS, here, RoleId(moderators.pk))


# --- Very many members -------------------------------------------------------------------------------------------------


@pytest.fixture
def online(monkeypatch):
    """Who is online, as presence would tell."""
    users: list[UserId] = []
    monkeypatch.setattr("communities.registries.online._source", lambda: users)
    return users


def go_on(done: int = 0) -> int:
    """Do the job that waits, as the worker would, until none is left, but for those done; return how many there were."""
    while waiting := waiting_chunks()[done:]:
        for arguments in waiting:
            tasks.follow_up_change_of_role(**arguments)
            done += 1
    return done


def waiting_chunks() -> list[dict[str, object]]:
    return [arguments for task, arguments in jobs_with() if task == tasks.follow_up_change_of_role.name]


@pytest.fixture
def many(settings, community):
    settings.ACCESS_CHANGES_AT_ONCE = 2
    return [make_member(community, rank=Rank.MODERATOR) for _ in range(5)]


def test_a_change_that_concerns_many_is_decided_at_once_and_told_in_chunks(community, here, moderators, many):
    left = [name for name in moderators.permissions if name != Permission.MANAGE_INVITES]
    update_role(SYSTEM, community_id=here, role_id=RoleId(moderators.pk), permissions=left)
    assert types_of(topic_for(INVITES_TOPIC, here)) == ["access.reviewed"]

    assert go_on() == 4  # who is online, and the others two at a time

    assert types_of(topic_for(INVITES_TOPIC, here)) == ["access.reviewed"]
    assert [row.access_epoch for row in Membership.objects.filter(community=community)] == [2] * 5
    assert all(types_of(topic_for("user", row.user_id)) == ["access.changed"] for row in many)


def test_a_role_that_many_have_gives_nothing_at_once_and_is_gone_in_the_end(community, here, moderators, many):
    delete_role(SYSTEM, community_id=here, role_id=RoleId(moderators.pk))
    assert Role.objects.get(pk=moderators.pk).permissions == []

    go_on()

    assert names(community) == ["Member"]
    assert types_of(topic_for(INVITES_TOPIC, here)) == ["access.reviewed"]
    assert types_of(topic_for("community", here)) == ["access.reviewed", "role.updated", "role.deleted"]


def test_who_is_online_is_done_first_and_once(community, here, moderators, many, online):
    last = many[-3:]
    online.extend(UserId(row.user_id) for row in (*last, make_member(make_community())))
    update_role(SYSTEM, community_id=here, role_id=RoleId(moderators.pk), permissions=[])

    [first] = waiting_chunks()
    tasks.follow_up_change_of_role(**first)

    assert {row.user_id for row in many if types_of(topic_for("user", row.user_id))} == {row.user_id for row in last}
    go_on(done=1)
    assert all(types_of(topic_for("user", row.user_id)) == ["access.changed"] for row in many)
    assert [row.access_epoch for row in Membership.objects.filter(community=community)] == [2] * 5


@pytest.fixture
def private_room(community, moderators, many):
    """Return a private room of two of the moderators, which only the role lets them read."""
    default = role_of(community, Rank.MEMBER)
    moderators.permissions, default.permissions = default.permissions, []
    for role in (moderators, default):
        role.save()
    return make_room(community, many[0].user, many[1].user, private=True)


def test_topics_that_only_some_were_added_to_are_not_reviewed_but_closed_by_name(here, moderators, many, private_room):
    update_role(SYSTEM, community_id=here, role_id=RoleId(moderators.pk), permissions=[])

    go_on()

    assert revoked_in(topic_for("room", private_room.pk)) == [AccessRevoked(user=row.user_id) for row in many[:2]]
    assert "access.reviewed" not in types_of(topic_for("room", private_room.pk))


def test_who_is_banned_before_the_jobs_come_to_them_loses_private_rooms_too(here, moderators, many, private_room):
    update_role(SYSTEM, community_id=here, role_id=RoleId(moderators.pk), permissions=[])

    ban_member(SYSTEM, community_id=here, user_id=UserId(many[0].user_id))

    assert revoked_in(topic_for("room", private_room.pk)) == [AccessRevoked(user=many[0].user_id)]


def test_a_private_room_whose_gate_changes_before_the_jobs_is_closed_all_the_same(
    community, here, moderators, many, private_room, owner
):
    make_entitlement(community, owner.user)
    update_role(SYSTEM, community_id=here, role_id=RoleId(moderators.pk), permissions=[])
    put_gate(
        SYSTEM, kind="room", resource_id=private_room.pk, draft=GateDraft(tree={"type": "entitlement", "key": "gold"})
    )

    go_on()

    assert {one.user for one in revoked_in(topic_for("room", private_room.pk))} == {row.user_id for row in many[:2]}


def test_what_time_takes_after_the_review_is_closed_by_name(community, here, moderators, many, time_machine):
    time_machine.move_to(now(), tick=False)
    leaver = many[2]
    ends_at = now() + timedelta(minutes=1)
    make_entitlement(community, leaver.user, ends_at=ends_at)
    room = make_room(community)
    gate(room, {"type": "entitlement", "key": "gold"})
    catch_up_with_time()
    update_role(SYSTEM, community_id=here, role_id=RoleId(moderators.pk), permissions=[])
    time_machine.move_to(ends_at, tick=False)

    go_on()

    assert revoked_in(topic_for("room", room.pk))[-1] == AccessRevoked(user=leaver.user_id)


@pytest.mark.parametrize("at_once", [500, 0])
def test_who_passed_a_gate_by_a_role_that_is_deleted_is_looked_at_when_what_else_lets_them_in_ends(
    community, here, moderators, settings, time_machine, at_once
):
    time_machine.move_to(now(), tick=False)
    member, room = make_member(community, rank=Rank.MODERATOR), make_room(community)
    ends_at = now() + timedelta(days=1)
    make_entitlement(community, member.user, ends_at=ends_at)
    either = [{"type": "role", "role": str(moderators.pk)}, {"type": "entitlement", "key": "gold"}]
    gate(room, {"type": "any", "of": either})
    catch_up_with_time()
    settings.ACCESS_CHANGES_AT_ONCE = at_once

    delete_role(SYSTEM, community_id=here, role_id=RoleId(moderators.pk))
    settings.ACCESS_CHANGES_AT_ONCE = 500
    go_on()

    assert Membership.objects.get(pk=member.pk).access_changes_at == ends_at
