"""What members are: roles given and taken, and the owner. Nobody reaches above themselves."""

from __future__ import annotations

import pytest

from communities.actions.membership_roles import give_role, take_role, transfer_ownership
from communities.actions.memberships import join_community, leave_community
from communities.constants import INVITES_TOPIC, JoinPolicy, MembershipStatus, Permission
from communities.errors import CannotOwn, EqualOrHigherRole, PermissionNotHeld, RoleIsDefault, RoleTooHigh, TooManyRoles
from communities.events import MembershipChanged
from communities.models import Membership, MembershipRole
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.decision import AccessRefused
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import CommunityId, RoleId, UserId, uuid7
from tests.event_log import events_of, types_of
from tests.factories.accounts import make_bot, make_user
from tests.factories.communities import Rank, acting, hold, make_community, make_member, make_role, role_of

pytestmark = pytest.mark.django_db

ACTS = [give_role, take_role]


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


@pytest.fixture
def steward(community):
    """A member whose role gives others roles, and lists members."""
    steward = make_member(community)
    hold(steward, make_role(community, Permission.GIVE_ROLE, Permission.LIST_MEMBERS, name="Stewards", position=20))
    return steward


@pytest.fixture
def member(community):
    return make_member(community)


@pytest.fixture
def pilots(community):
    return make_role(community, Permission.LIST_MEMBERS)


def whom(member: Membership) -> dict[str, object]:
    return {"community_id": CommunityId(member.community_id), "user_id": UserId(member.user_id)}


def what(role) -> dict[str, object]:
    return {"role_id": RoleId(role.pk)}


# --- Giving and taking -------------------------------------------------------------------------------------------------


def test_a_role_is_given_and_everybody_is_told(replayed, community, steward, member, pilots):
    with replayed(community):
        changed = give_role(acting(steward), **whom(member), **what(pilots))

    assert (changed.user.id, changed.roles) == (member.user_id, (pilots.pk,))
    held = MembershipRole.objects.get(membership=member)
    assert (held.role_id, held.granted_by_id) == (pilots.pk, steward.user_id)
    assert Membership.objects.get(pk=member.pk).access_epoch == 2
    assert types_of(topic_for("community", community.pk)) == ["member.updated"]
    assert [event for _, _, event in events_of(topic_for("user", member.user_id))] == [
        MembershipChanged(
            community=community.pk,
            status=MembershipStatus.ACTIVE,
            roles=(pilots.pk,),
            is_owner=False,
            is_guest=False,
            timed_out_until=None,
        )
    ]


def test_a_role_is_taken_and_everybody_is_told(replayed, community, steward, member, pilots):
    hold(member, pilots)

    with replayed(community):
        changed = take_role(acting(steward), **whom(member), **what(pilots))

    assert changed.roles == ()
    assert not MembershipRole.objects.filter(membership=member).exists()
    assert Membership.objects.get(pk=member.pk).access_epoch == 2


def test_who_loses_a_role_loses_the_topics_that_it_opened(replayed, community, owner):
    moderator = make_member(community, rank=Rank.MODERATOR)
    topic = topic_for(INVITES_TOPIC, community.pk)

    with replayed(community):
        take_role(acting(owner), **whom(moderator), **what(role_of(community, Rank.MODERATOR)))

    assert [event for _, _, event in events_of(topic)] == [AccessRevoked(user=moderator.user_id)]
    assert types_of(topic_for("community", community.pk)) == ["member.updated"]


def test_roles_are_told_from_the_highest_down(community, owner, member, pilots):
    cooks = make_role(community, name="Cooks", position=9)
    give_role(acting(owner), **whom(member), **what(pilots))

    assert give_role(acting(owner), **whom(member), **what(cooks)).roles == (cooks.pk, pilots.pk)


def test_giving_what_they_have_and_taking_what_they_have_not_changes_nothing(
    untouched, community, owner, member, pilots
):
    hold(member, pilots)
    cooks = make_role(community, name="Cooks", position=9)

    with untouched():
        assert give_role(acting(owner), **whom(member), **what(pilots)).roles == (pilots.pk,)
        assert take_role(acting(owner), **whom(member), **what(cooks)).roles == (pilots.pk,)


def test_the_owner_and_the_system_give_every_role(replayed, community, owner, member):
    administrators = role_of(community, Rank.ADMINISTRATOR)

    with replayed(community):
        give_role(acting(owner), **whom(member), **what(administrators))
        give_role(SYSTEM, **whom(owner), **what(administrators))

    assert MembershipRole.objects.filter(role=administrators).count() == 2


def test_who_gives_roles_may_lay_down_their_own(replayed, community, steward, pilots):
    hold(steward, pilots)

    with replayed(community):
        take_role(acting(steward), **whom(steward), **what(pilots))

    assert not MembershipRole.objects.filter(membership=steward, role=pilots).exists()


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("position", [20, 21])
def test_nobody_touches_a_role_as_high_as_their_own_or_higher(untouched, community, steward, member, act, position):
    role = role_of(community, Rank.MODERATOR)
    role.position = position
    role.permissions = []
    if position == 20:
        role = steward.held.get().role
    else:
        role.save()

    with untouched(), pytest.raises(RoleTooHigh):
        act(acting(steward), **whom(member), **what(role))


@pytest.mark.parametrize("act", ACTS)
def test_nobody_changes_who_stands_as_high_or_higher(untouched, community, owner, steward, pilots, act):
    equal = make_member(community)
    hold(equal, steward.held.get().role)

    with untouched():
        for target in (equal, owner):
            with pytest.raises(EqualOrHigherRole):
                act(acting(steward), **whom(target), **what(pilots))


def test_nobody_gives_a_permission_that_they_do_not_have(untouched, community, steward, member):
    bouncers = make_role(community, Permission.LIST_MEMBERS, Permission.BAN_MEMBER)

    with untouched(), pytest.raises(PermissionNotHeld) as refused:
        give_role(acting(steward), **whom(member), **what(bouncers))

    assert refused.value.data == {"permissions": ["member.ban"]}


@pytest.mark.parametrize("act", ACTS)
def test_the_default_role_is_neither_given_nor_taken(untouched, community, owner, member, act):
    with untouched(), pytest.raises(RoleIsDefault):
        act(acting(owner), **whom(member), **what(role_of(community, Rank.MEMBER)))


@pytest.mark.parametrize("act", ACTS)
def test_a_role_of_another_community_is_not_there(untouched, owner, member, act):
    elsewhere = make_role(make_community())

    with untouched():
        for role_id in (elsewhere.pk, uuid7()):
            with pytest.raises(NotFound):
                act(acting(owner), **whom(member), role_id=RoleId(role_id))


def test_a_member_has_so_many_roles_and_no_more(untouched, settings, community, owner, member, pilots):
    settings.MEMBER_ROLES_MAX = 1
    hold(member, pilots)
    cooks = make_role(community, name="Cooks", position=9)

    with untouched(), pytest.raises(TooManyRoles):
        give_role(acting(owner), **whom(member), **what(cooks))


@pytest.mark.parametrize("act", ACTS)
def test_only_who_may_give_roles_does_and_strangers_learn_nothing(untouched, community, member, pilots, act):
    moderator = make_member(community, rank=Rank.MODERATOR)
    stranger = make_member(make_community(), rank=Rank.OWNER)

    with untouched():
        with pytest.raises(AccessRefused):
            act(acting(moderator), **whom(member), **what(pilots))
        with pytest.raises(NotFound):
            act(acting(stranger), **whom(member), **what(pilots))
        with pytest.raises(Unauthenticated):
            act(ANONYMOUS, **whom(member), **what(pilots))


def test_roles_end_with_the_membership():
    community = make_community(join_policy=JoinPolicy.OPEN)
    member = make_member(community)
    hold(member, make_role(community))

    leave_community(acting(member), community_id=CommunityId(community.pk))
    again = join_community(acting(member), community_id=CommunityId(community.pk))

    assert again.roles == ()


# --- The owner ---------------------------------------------------------------------------------------------------------


def test_the_owner_hands_the_community_over(replayed, community, owner, member, pilots):
    hold(owner, pilots)

    with replayed(community):
        changed = transfer_ownership(acting(owner), **whom(member))

    assert (changed.user.id, changed.is_owner) == (member.user_id, True)
    before = Membership.objects.get(pk=owner.pk)
    assert (before.is_owner, before.held.get().role_id, before.access_epoch) == (False, pilots.pk, 2)
    assert types_of(topic_for("user", owner.user_id)) == ["membership.changed"]
    assert [event for _, _, event in events_of(topic_for(INVITES_TOPIC, community.pk))] == [
        AccessRevoked(user=owner.user_id)
    ]


def test_the_system_gives_a_community_without_an_owner_one(replayed, community, member):
    with replayed(community):
        transfer_ownership(SYSTEM, **whom(member))

    assert Membership.objects.get(community=community, is_owner=True).pk == member.pk


def test_handing_over_to_the_owner_changes_nothing(untouched, owner):
    with untouched():
        assert transfer_ownership(acting(owner), **whom(owner)).is_owner


def test_nobody_but_the_owner_hands_over(untouched, community, owner, member):
    administrator = make_member(community, rank=Rank.ADMINISTRATOR)
    stranger = make_member(make_community(), rank=Rank.OWNER)

    with untouched():
        with pytest.raises(AccessRefused):
            transfer_ownership(acting(administrator), **whom(administrator))
        with pytest.raises(NotFound):
            transfer_ownership(acting(stranger), **whom(member))
        with pytest.raises(Unauthenticated):
            transfer_ownership(ANONYMOUS, **whom(member))


def test_guests_and_bots_own_nothing(untouched, community, owner):
    guest = make_member(community, is_guest=True)
    bot = make_member(community, make_bot(owner.user, "robot"))

    with untouched():
        for target in (guest, bot):
            with pytest.raises(CannotOwn):
                transfer_ownership(acting(owner), **whom(target))


def test_who_is_no_member_or_has_no_open_account_owns_nothing(untouched, community, owner):
    closed = make_member(community, make_user(is_active=False))
    gone = make_member(community, status=MembershipStatus.REMOVED)
    nobody = {"community_id": CommunityId(community.pk), "user_id": UserId(uuid7())}

    with untouched():
        for target in (whom(closed), whom(gone), nobody):
            with pytest.raises(NotFound):
                transfer_ownership(acting(owner), **target)
