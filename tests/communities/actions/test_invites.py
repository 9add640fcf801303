"""Invites: who makes them, whom they let in, how often, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from chat.constants import ChatPermission, RoomMemberState
from chat.errors import RoomIsArchived
from chat.models import RoomMember
from chat.policies import refusals_of
from communities.actions.invites import accept_invite, create_invite, revoke_invite
from communities.actions.memberships import ban_member, leave_community
from communities.actions.roles import delete_role
from communities.constants import INVITES_TOPIC, ROOM_PLACE, JoinPolicy, MembershipStatus, Permission
from communities.errors import InviteNotValid, PermissionNotHeld, RoleIsDefault, RoleTooHigh, TooManyInvites
from communities.events import InviteCreated, InviteRevoked, InviteUsed
from communities.models import Invite, InviteUse, Membership, MembershipRole, Role
from communities.payloads import invite_payload, invite_with_code
from communities.policies import InvitePlace, get_invite_preview_for
from communities.storage.invite_codes import hash_of_code, open_code
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import DomainError, InvalidInput, NotFound, RateLimited, Unauthenticated
from kernel.ids import CommunityId, InviteId, RoleId, RoomId, UserId, uuid7
from tests.concurrency import at_once
from tests.event_log import events_of, types_of
from tests.factories.accounts import actor_for, make_user
from tests.factories.chat import make_room, make_room_member
from tests.factories.communities import Rank, acting, hold, make_community, make_invite, make_member, make_role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limiter")]


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


def told(community) -> list:
    return [event for _, _, event in events_of(topic_for(INVITES_TOPIC, community.pk))]


def current(invite: Invite):
    return invite_payload(Invite.objects.get(pk=invite.pk))


# --- Making --------------------------------------------------------------------------------------------------------------


def test_an_invite_is_good_for_a_week_and_a_hundred_uses_unless_told(community, moderator):
    with time_machine.travel(now(), tick=False):
        made = create_invite(acting(moderator), community_id=CommunityId(community.pk))
        assert (made.max_uses, made.uses, made.expires_at) == (100, 0, now() + timedelta(days=7))

    row = Invite.objects.get()
    assert (made.id, made.created_by.id, made.revoked_at) == (row.pk, moderator.user_id, None)
    assert told(community) == [InviteCreated(invite=invite_payload(row))]


def test_the_code_is_nowhere_in_clear_and_shown_again_to_who_may_invite(community, moderator):
    made = create_invite(acting(moderator), community_id=CommunityId(community.pk))

    row = Invite.objects.values().get()
    assert len(made.code) == 22
    assert made.code not in str(row) + str(events_of(topic_for(INVITES_TOPIC, community.pk)))
    assert (row["code_hash"], open_code(row["sealed_code"])) == (hash_of_code(made.code), made.code)


def test_a_code_whose_key_is_gone_is_not_shown(settings, community):
    invite, _ = make_invite(community)
    settings.ENCRYPTION_KEYS = ["another"]

    assert open_code(invite.sealed_code) is None


def test_the_system_invites_too(community):
    assert create_invite(SYSTEM, community_id=CommunityId(community.pk)).created_by is None


def test_who_may_not_invite_makes_no_invite(untouched, community):
    member = make_member(community)
    with untouched():
        for actor, error in (
            (acting(member), AccessRefused),
            (actor_for(make_user()), NotFound),
            (ANONYMOUS, Unauthenticated),
        ):
            with pytest.raises(error):
                create_invite(actor, community_id=CommunityId(community.pk))


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"hours": 0}, "hours"),
        ({"hours": 8761}, "hours"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 10_001}, "max_uses"),
    ],
)
def test_an_invite_ends_some_day_and_is_for_so_many(untouched, community, moderator, wanted, field):
    with untouched(), pytest.raises(InvalidInput) as refused:
        create_invite(acting(moderator), community_id=CommunityId(community.pk), **wanted)

    assert refused.value.data == {"field": field}


def test_a_community_has_so_many_open_invites_at_most(untouched, settings, community, moderator):
    settings.INVITES_MAX = 1
    make_invite(community, expires_at=now() - timedelta(seconds=1))
    make_invite(community, revoked_at=now())
    make_invite(community)
    with untouched(), pytest.raises(TooManyInvites):
        create_invite(acting(moderator), community_id=CommunityId(community.pk))


def test_who_makes_invites_all_the_time_has_to_wait(untouched, settings, limiter, community, moderator):
    limit = settings.RATE_LIMITS["invite_create.user"]
    limiter.taken[limit.name, str(moderator.user_id)] = limit.quota
    with untouched(), pytest.raises(RateLimited):
        create_invite(acting(moderator), community_id=CommunityId(community.pk))


# --- Coming in -----------------------------------------------------------------------------------------------------------


def test_who_has_the_code_becomes_a_member(replayed, community, moderator):
    invite, code = make_invite(community, moderator.user)
    user = make_user()

    with replayed(community):
        member = accept_invite(actor_for(user), code=code)

    assert (member.user.id, member.roles, member.status) == (user.pk, (), MembershipStatus.ACTIVE)
    use = InviteUse.objects.get()
    assert (use.invite_id, use.community_id, use.user_id) == (invite.pk, community.pk, user.pk)
    assert told(community) == [InviteUsed(invite=current(invite), user=member.user)]
    assert current(invite).uses == 1


def test_a_member_uses_nothing_up(untouched, community, moderator):
    _, code = make_invite(community, moderator.user)
    with untouched():
        assert accept_invite(acting(moderator), code=code).user.id == moderator.user_id


def test_who_left_comes_back_by_the_same_invite_and_uses_it_again(community):
    invite, code = make_invite(community)
    user = make_user()
    accept_invite(actor_for(user), code=code)
    Membership.objects.update(status=MembershipStatus.REMOVED)

    accept_invite(actor_for(user), code=code)

    assert (current(invite).uses, InviteUse.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    "flaw",
    [{"uses": 5}, {"expires_at": now() - timedelta(seconds=1)}, {"revoked_at": now()}],
    ids=["used up", "expired", "revoked"],
)
def test_an_invite_that_is_over_is_like_none(untouched, community, flaw):
    _, code = make_invite(community, **flaw)
    with untouched():
        for shown in (code, "no-such-code", "", "\ud800"):
            with pytest.raises(InviteNotValid):
                accept_invite(actor_for(make_user()), code=shown)


def test_an_invite_expires_on_time(untouched, community):
    invite, code = make_invite(community, expires_at=now() + timedelta(hours=1))
    user = make_user()
    with time_machine.travel(invite.expires_at, tick=False), untouched(), pytest.raises(InviteNotValid):
        accept_invite(actor_for(user), code=code)


def test_who_is_banned_cannot_tell_an_invite_from_none(untouched, community):
    _, code = make_invite(community)
    banned = make_member(community, status=MembershipStatus.BANNED)
    with untouched(), pytest.raises(InviteNotValid):
        accept_invite(acting(banned), code=code)


@pytest.mark.parametrize(
    "standing",
    [
        {},
        {"status": MembershipStatus.REMOVED},
        {"status": MembershipStatus.BANNED},
        {"status": MembershipStatus.TIMED_OUT, "timed_out_until": now() + timedelta(days=1)},
    ],
    ids=["demoted", "gone", "banned", "timed out"],
)
def test_an_invite_is_good_only_as_long_as_its_maker_may_invite(untouched, community, moderator, standing):
    _, code = make_invite(community, moderator.user)
    if standing:
        Membership.objects.filter(pk=moderator.pk).update(**standing)
    else:
        moderator.held.all().delete()
    with untouched(), pytest.raises(InviteNotValid):
        accept_invite(actor_for(make_user()), code=code)


def test_nobody_comes_in_without_an_account(untouched, community):
    _, code = make_invite(community)
    with untouched(), pytest.raises(Unauthenticated):
        accept_invite(ANONYMOUS, code=code)


def test_an_account_that_is_closed_stays_outside(untouched, community):
    _, code = make_invite(community)
    user = make_user(is_active=False)
    with untouched(), pytest.raises(InviteNotValid):
        accept_invite(actor_for(user), code=code)


def test_who_tries_many_codes_has_to_wait(untouched, settings, limiter, community):
    _, code = make_invite(community)
    user, limit = make_user(), settings.RATE_LIMITS["invite_accept.user"]
    limiter.taken[limit.name, str(user.pk)] = limit.quota
    with untouched(), pytest.raises(RateLimited):
        accept_invite(actor_for(user), code=code)


# --- Revoking ------------------------------------------------------------------------------------------------------------


def test_a_revoked_invite_lets_nobody_in_and_who_came_by_it_stays(community, moderator):
    invite, code = make_invite(community, moderator.user)
    member = accept_invite(actor_for(make_user()), code=code)

    for _ in range(2):
        revoke_invite(acting(moderator), community_id=CommunityId(community.pk), invite_id=InviteId(invite.pk))

    assert told(community)[1:] == [InviteRevoked(invite=current(invite))]
    with pytest.raises(InviteNotValid):
        accept_invite(actor_for(make_user()), code=code)
    assert Membership.objects.get(user_id=member.user.id).status == MembershipStatus.ACTIVE


def test_who_manages_invites_revokes_those_of_others(community, owner, moderator):
    invite, _ = make_invite(community, moderator.user)

    revoke_invite(acting(owner), community_id=CommunityId(community.pk), invite_id=InviteId(invite.pk))

    assert current(invite).revoked_at is not None


def test_an_invite_of_another_community_is_not_there(untouched, community, owner):
    elsewhere, _ = make_invite(make_community())
    with untouched():
        for invite_id in (elsewhere.pk, uuid7()):
            with pytest.raises(NotFound):
                revoke_invite(acting(owner), community_id=CommunityId(community.pk), invite_id=InviteId(invite_id))


def test_an_ordinary_member_revokes_nothing(untouched, community):
    invite, _ = make_invite(community)
    member = make_member(community)
    with untouched(), pytest.raises(AccessRefused):
        revoke_invite(acting(member), community_id=CommunityId(community.pk), invite_id=InviteId(invite.pk))


# --- At the same moment --------------------------------------------------------------------------------------------------


def codes(outcomes: list) -> list[str]:
    return [outcome.code for outcome in outcomes if isinstance(outcome, DomainError)]


@pytest.mark.django_db(transaction=True)
def test_the_last_use_of_an_invite_lets_one_in_of_those_who_come_at_once():
    community = make_community()
    invite, code = make_invite(community, max_uses=5, uses=4)
    users = [make_user() for _ in range(4)]

    outcomes = at_once(*(lambda user=user: accept_invite(actor_for(user), code=code) for user in users))

    assert codes(outcomes) == ["invite.not_valid"] * 3
    assert (current(invite).uses, Membership.objects.filter(community=community).count()) == (5, 1)
    assert types_of(topic_for(INVITES_TOPIC, community.pk)) == ["invite.used"]


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_twice_at_once_uses_one():
    community = make_community()
    invite, code = make_invite(community)
    user = make_user()

    outcomes = at_once(*(lambda: accept_invite(actor_for(user), code=code) for _ in range(3)))

    assert codes(outcomes) == []
    assert (current(invite).uses, Membership.objects.filter(community=community).count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [MembershipStatus.ACTIVE, MembershipStatus.REMOVED])
def test_who_is_banned_while_they_come_by_an_invite_is_banned(before):
    community = make_community(join_policy=JoinPolicy.OPEN)
    owner = make_member(community, rank=Rank.OWNER)
    user = make_member(community, status=before)
    _, code = make_invite(community)

    at_once(
        lambda: accept_invite(acting(user), code=code),
        lambda: ban_member(acting(owner), community_id=CommunityId(community.pk), user_id=UserId(user.user_id)),
    )

    assert Membership.objects.get(pk=user.pk).status == MembershipStatus.BANNED


@pytest.mark.django_db(transaction=True)
def test_after_a_revocation_nobody_comes_in_however_close_it_was():
    community = make_community()
    owner = make_member(community, rank=Rank.OWNER)
    invite, code = make_invite(community)

    _, outcome = at_once(
        lambda: revoke_invite(acting(owner), community_id=CommunityId(community.pk), invite_id=InviteId(invite.pk)),
        lambda: accept_invite(actor_for(make_user()), code=code),
    )

    told_types = types_of(topic_for(INVITES_TOPIC, community.pk))
    came_in = not isinstance(outcome, DomainError)
    assert told_types == (["invite.used", "invite.revoked"] if came_in else ["invite.revoked"])


# --- What invites give ---------------------------------------------------------------------------------------------------


def invite_with(actor, community, **gives):
    made = create_invite(actor, community_id=CommunityId(community.pk), **gives)
    return {"code": made.code}, Invite.objects.get(pk=made.id)


def into(room) -> InvitePlace:
    return InvitePlace(ROOM_PLACE, room.pk)


def reads(user, *rooms) -> list[bool]:
    asked = [(actor_for(user), RoomId(room.pk)) for room in rooms]
    return [refused is None for refused in refusals_of(asked, ChatPermission.READ_MESSAGES)]


@pytest.fixture
def pilots(community):
    return make_role(community, Permission.LIST_MEMBERS, name="Pilots", position=2)


@pytest.fixture
def giver(community):
    """A member who invites, gives roles below the sixth, and moderates rooms."""
    giver = make_member(community)
    names = (Permission.CREATE_INVITE, Permission.GIVE_ROLE, ChatPermission.MODERATE_ROOM)
    hold(giver, make_role(community, *names, name="Hosts", position=6))
    return giver


def test_whoever_comes_by_an_invite_gets_its_role(replayed, community, giver, pilots):
    code, invite = invite_with(acting(giver), community, role_id=RoleId(pilots.pk))
    newcomer = make_user()

    with replayed(community):
        member = accept_invite(actor_for(newcomer), **code)

    assert (member.roles, current(invite).role, current(invite).uses) == ((pilots.pk,), pilots.pk, 1)
    given = MembershipRole.objects.get(membership__user=newcomer)
    assert (given.role_id, given.granted_by_id) == (pilots.pk, giver.user_id)


def test_a_member_gets_the_role_that_they_lack_and_uses_the_invite_up_by_it(community, giver, pilots):
    code, invite = invite_with(acting(giver), community, role_id=RoleId(pilots.pk))
    member = make_member(community)

    assert accept_invite(acting(member), **code).roles == (pilots.pk,)
    assert accept_invite(acting(member), **code).roles == (pilots.pk,)
    assert current(invite).uses == 1


def test_nobody_gets_back_by_an_invite_what_was_taken_from_them(community, giver, pilots):
    code, _ = invite_with(acting(giver), community, role_id=RoleId(pilots.pk))
    member = make_member(community)
    accept_invite(acting(member), **code)
    MembershipRole.objects.filter(membership=member).delete()

    assert accept_invite(acting(member), **code).roles == ()


def test_nobody_makes_an_invite_that_gives_what_they_may_not_give(untouched, community, giver, moderator, pilots):
    high = make_role(community, Permission.LIST_MEMBERS, name="Captains", position=7)
    strong = make_role(community, Permission.BAN_MEMBER, name="Guards", position=3)
    default = Role.objects.get(community=community, is_default=True)
    elsewhere = make_role(make_community(), name="Pirates")
    for actor, role, refusal in (
        (giver, high, RoleTooHigh),
        (giver, strong, PermissionNotHeld),
        (giver, default, RoleIsDefault),
        (giver, elsewhere, NotFound),
        (moderator, pilots, AccessRefused),
    ):
        with untouched(), pytest.raises(refusal):
            invite_with(acting(actor), community, role_id=RoleId(role.pk))


def test_an_invite_is_not_valid_while_its_maker_could_not_give_its_role(untouched, community, giver, pilots):
    code, _ = invite_with(acting(giver), community, role_id=RoleId(pilots.pk))
    newcomer = actor_for(make_user())

    pilots.permissions = [Permission.BAN_MEMBER]
    pilots.save()
    with untouched(), pytest.raises(InviteNotValid):
        accept_invite(newcomer, **code)
    with pytest.raises(InviteNotValid):
        get_invite_preview_for(newcomer, network="10.0.0.0/24", **code)
    pilots.permissions = []
    pilots.save()
    assert accept_invite(newcomer, **code).roles == (pilots.pk,)


@pytest.mark.parametrize("by_system", [True, False])
def test_an_invite_is_not_valid_when_its_role_is_gone(untouched, community, giver, pilots, by_system):
    code, _ = invite_with(SYSTEM if by_system else acting(giver), community, role_id=RoleId(pilots.pk))
    delete_role(SYSTEM, community_id=CommunityId(community.pk), role_id=RoleId(pilots.pk))

    with untouched(), pytest.raises(InviteNotValid):
        accept_invite(actor_for(make_user()), **code)


def test_an_invite_into_a_room_makes_guests_who_reach_that_room_alone(replayed, community, giver):
    cabin, hall = make_room(community, giver.user, private=True), make_room(community)
    code, invite = invite_with(acting(giver), community, place=into(cabin))
    newcomer = make_user()
    shown = get_invite_preview_for(actor_for(newcomer), network="10.0.0.0/24", **code)

    with replayed(community):
        member = accept_invite(actor_for(newcomer), **code)

    assert (shown.for_guests, member.is_guest, reads(newcomer, cabin, hall)) == (True, True, [True, False])
    assert (current(invite).for_guests, current(invite).uses) == (True, 1)


def test_a_member_comes_into_the_room_and_stays_a_full_member(community, giver):
    cabin, member = make_room(community, giver.user, private=True), make_member(community)
    code, _ = invite_with(acting(giver), community, place=into(cabin))

    assert accept_invite(acting(member), **code).is_guest is False
    assert reads(member.user, cabin) == [True]


def test_a_guest_becomes_a_full_member_by_an_invite_that_is_not_for_guests(replayed, community, giver):
    code, invite = invite_with(acting(giver), community)
    guest = make_member(community, is_guest=True)

    with replayed(community):
        assert accept_invite(acting(guest), **code).is_guest is False
    assert current(invite).uses == 1


def test_who_was_put_out_of_the_room_or_left_the_community_does_not_come_back_by_the_same_invite(community, giver):
    cabin = make_room(community, giver.user, private=True)
    code, invite = invite_with(acting(giver), community, place=into(cabin))
    put_out, member, gone = make_user(), make_member(community), make_user()
    for user in (put_out, gone):
        accept_invite(actor_for(user), **code)
    make_room_member(cabin, member.user, RoomMemberState.REMOVED)
    RoomMember.objects.filter(user=put_out).update(state=RoomMemberState.REMOVED)
    leave_community(actor_for(gone), community_id=CommunityId(community.pk))

    for user in (put_out, member.user):
        accept_invite(actor_for(user), **code)
        assert reads(user, cabin) == [False]
    with pytest.raises(InviteNotValid):
        accept_invite(actor_for(gone), **code)
    assert (current(invite).uses, Membership.objects.get(user=gone).is_current) == (2, False)


def test_nobody_invites_into_a_room_that_they_do_not_moderate_or_that_is_elsewhere(untouched, community, giver, owner):
    cabin, direct = make_room(community, private=True), make_room(make_community())
    archived = make_room(community)
    archived.archived_at = now()
    archived.save()
    for place, refusal in ((cabin, NotFound), (direct, NotFound), (archived, RoomIsArchived)):
        with untouched(), pytest.raises(refusal):
            invite_with(acting(giver), community, place=into(place))
    with untouched(), pytest.raises(NotFound):
        invite_with(acting(owner), community, place=InvitePlace("cellar", cabin.pk))


def test_an_invite_into_a_room_ends_with_its_makers_right_to_let_people_in(untouched, community, giver):
    cabin = make_room(community, giver.user, private=True)
    code, _ = invite_with(acting(giver), community, place=into(cabin))
    RoomMember.objects.filter(user=giver.user).update(state=RoomMemberState.REMOVED)

    with untouched(), pytest.raises(InviteNotValid):
        accept_invite(actor_for(make_user()), **code)


def test_room_and_code_of_an_invite_for_guests_are_shown_to_its_maker_alone(community, giver, moderator):
    cabin = make_room(community, giver.user, private=True)
    code, invite = invite_with(acting(giver), community, place=into(cabin))

    own = invite_with_code(invite, code["code"], viewer_id=giver.user_id)
    others = invite_with_code(invite, code["code"], viewer_id=moderator.user_id)

    assert ((own.code, own.room), (others.code, others.room)) == ((code["code"], cabin.pk), (None, None))
    assert str(cabin.pk) not in str(told(community))
