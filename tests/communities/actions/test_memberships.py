"""Coming, going and being sent away: who may, what the others are told, and what stays closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from communities.access import revocation
from communities.actions.memberships import (
    add_member,
    add_members,
    ban_member,
    join_community,
    leave_community,
    lift_time_out,
    remove_member,
    time_out_member,
    unban_member,
)
from communities.constants import CommunityVisibility, JoinPolicy, MembershipStatus
from communities.errors import CommunityClosed, EqualOrHigherRole, MemberBanned, OwnerStays
from communities.events import MemberRemoved, MembershipChanged
from communities.models import Membership
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM, user_actor
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, UserId, uuid7
from tests.event_log import events_of, types_of
from tests.factories.accounts import make_user
from tests.factories.communities import Rank, acting, make_community, make_member

pytestmark = pytest.mark.django_db

ACTS_ON_A_MEMBER = [
    remove_member,
    ban_member,
    unban_member,
    lift_time_out,
    lambda actor, **member: time_out_member(actor, **member, seconds=60),
]
ACT_NAMES = ["remove", "ban", "unban", "lift_time_out", "time_out"]


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


@pytest.fixture
def member(community):
    return make_member(community)


@pytest.fixture
def stranger():
    return user_actor(UserId(make_user().pk))


@pytest.fixture
def rooms(monkeypatch):
    """A higher app with topics: what each user can read, filled by the test."""
    readable = {}
    monkeypatch.setattr(revocation, "_sources", [lambda community_id, user_ids, facts: readable])
    return readable


def whom(membership: Membership) -> dict:
    return {"community_id": CommunityId(membership.community_id), "user_id": UserId(membership.user_id)}


def told(topic: str) -> list:
    return [event for _, _, event in events_of(topic)]


def own_topic(membership: Membership):
    return topic_for("user", membership.user_id)


def community_topic(membership: Membership):
    return topic_for("community", membership.community_id)


# --- Joining and being added -------------------------------------------------------------------------------------------


def test_anyone_may_join_an_open_community(replayed, stranger):
    community = make_community(join_policy=JoinPolicy.OPEN)

    with replayed(community):
        member = join_community(stranger, community_id=CommunityId(community.pk))

    assert (member.user.id, member.roles, member.status) == (stranger.user_id, (), MembershipStatus.ACTIVE)
    assert types_of(topic_for("community", community.pk)) == ["member.joined"]
    assert told(topic_for("user", stranger.user_id)) == [
        MembershipChanged(
            community=community.pk,
            status=MembershipStatus.ACTIVE,
            roles=(),
            is_owner=False,
            is_guest=False,
            timed_out_until=None,
        )
    ]


def test_a_closed_community_cannot_be_told_from_none(untouched, community, stranger):
    with untouched():
        for community_id in (community.pk, uuid7()):
            with pytest.raises(NotFound):
                join_community(stranger, community_id=CommunityId(community_id))


@pytest.mark.parametrize("join_policy", JoinPolicy)
def test_a_secret_community_cannot_be_joined_even_when_it_is_open(untouched, stranger, join_policy):
    community = make_community(join_policy=join_policy, visibility=CommunityVisibility.SECRET)
    with untouched(), pytest.raises(NotFound):
        join_community(stranger, community_id=CommunityId(community.pk))


@pytest.mark.parametrize("visibility", [CommunityVisibility.LISTED, CommunityVisibility.UNLISTED])
def test_a_closed_community_that_can_be_found_says_that_it_is_closed(untouched, stranger, visibility):
    community = make_community(visibility=visibility)
    with untouched(), pytest.raises(CommunityClosed):
        join_community(stranger, community_id=CommunityId(community.pk))


def test_who_is_banned_does_not_find_a_community_that_others_find(untouched):
    banned = make_member(make_community(visibility=CommunityVisibility.LISTED), status=MembershipStatus.BANNED)
    with untouched(), pytest.raises(NotFound):
        join_community(acting(banned), community_id=CommunityId(banned.community_id))


@pytest.mark.parametrize("exists", [True, False])
def test_nobody_is_asked_to_sign_in_whether_there_is_a_community_or_not(untouched, community, exists):
    with untouched(), pytest.raises(Unauthenticated):
        join_community(ANONYMOUS, community_id=CommunityId(community.pk if exists else uuid7()))


def test_joining_twice_is_joining_once(untouched, member):
    with untouched():
        joined = join_community(acting(member), community_id=CommunityId(member.community_id))

    assert joined.user.id == member.user_id


def test_an_owner_who_joins_again_stays_owner(untouched, owner):
    with untouched():
        assert join_community(acting(owner), community_id=CommunityId(owner.community_id)).is_owner


def test_a_removed_user_may_join_an_open_community_again_as_an_ordinary_member(replayed):
    community = make_community(join_policy=JoinPolicy.OPEN)
    former = make_member(community, rank=Rank.MODERATOR, status=MembershipStatus.REMOVED)

    with replayed(community):
        join_community(acting(former), community_id=CommunityId(community.pk))

    again = Membership.objects.get(pk=former.pk)
    assert (again.is_owner, again.status, again.access_epoch) == (False, MembershipStatus.ACTIVE, 2)
    assert again.joined_at > former.joined_at


def test_a_banned_user_cannot_tell_an_open_community_from_none(untouched):
    community = make_community(join_policy=JoinPolicy.OPEN)
    banned = make_member(community, status=MembershipStatus.BANNED)

    with untouched(), pytest.raises(NotFound):
        join_community(acting(banned), community_id=CommunityId(community.pk))


def test_leaving_and_joining_again_does_not_end_a_time_out(replayed):
    community = make_community(join_policy=JoinPolicy.OPEN)
    until = now() + timedelta(hours=1)
    member = make_member(community, status=MembershipStatus.TIMED_OUT, timed_out_until=until)
    leave_community(acting(member), community_id=CommunityId(community.pk))

    with replayed(community):
        joined = join_community(acting(member), community_id=CommunityId(community.pk))

    assert (joined.status, joined.timed_out_until) == (MembershipStatus.TIMED_OUT, until)


def test_a_time_out_that_ended_meanwhile_is_forgotten_on_return(replayed):
    community = make_community(join_policy=JoinPolicy.OPEN)
    former = make_member(community, status=MembershipStatus.REMOVED, timed_out_until=now() - timedelta(seconds=1))

    with replayed(community):
        joined = join_community(acting(former), community_id=CommunityId(community.pk))

    assert (joined.status, joined.timed_out_until) == (MembershipStatus.ACTIVE, None)
    assert Membership.objects.get(pk=former.pk).timed_out_until is None


def test_a_moderator_adds_a_user_by_name_in_any_case(replayed, community, moderator):
    user = make_user(username="Keeper")

    with replayed(community):
        added = add_member(acting(moderator), community_id=CommunityId(community.pk), username="keePER")

    assert (added.user.id, added.roles) == (user.pk, ())
    assert types_of(topic_for("community", community.pk)) == ["member.joined"]
    assert types_of(topic_for("user", user.pk)) == ["membership.changed"]


@pytest.mark.parametrize("username", ["nobody-has-this-name", "", "n\0l"])
def test_adding_a_name_that_nobody_has_adds_nobody(untouched, community, moderator, username):
    with untouched(), pytest.raises(InvalidInput) as refused:
        add_member(acting(moderator), community_id=CommunityId(community.pk), username=username)

    assert refused.value.data == {"field": "username"}


def test_a_deactivated_user_is_not_added(untouched, community, moderator):
    user = make_user(username="gone")
    user.is_active = False
    user.save()

    with untouched(), pytest.raises(InvalidInput):
        add_member(acting(moderator), community_id=CommunityId(community.pk), username="gone")


def test_a_member_may_not_add_members(untouched, community, member):
    user = make_user()

    with untouched(), pytest.raises(AccessRefused):
        add_member(acting(member), community_id=CommunityId(community.pk), username=user.username)


def test_a_stranger_who_adds_members_learns_nothing(untouched, community, stranger):
    with untouched(), pytest.raises(NotFound):
        add_member(stranger, community_id=CommunityId(community.pk), username="nobody-has-this-name")


def test_a_banned_user_is_not_added_before_the_ban_is_lifted(untouched, community, moderator):
    banned = make_member(community, status=MembershipStatus.BANNED)

    with untouched(), pytest.raises(MemberBanned):
        add_member(acting(moderator), community_id=CommunityId(community.pk), username=banned.user.username)


def test_many_users_are_added_together_whatever_they_were_before(replayed, community, member):
    former = make_member(community, status=MembershipStatus.REMOVED)
    users = [UserId(user_id) for user_id in (make_user().pk, member.user_id, former.user_id, make_user().pk)]

    with replayed(community):
        added = add_members(SYSTEM, community_id=CommunityId(community.pk), user_ids=users)

    assert {payload.user.id for payload in added} == set(users)
    assert types_of(topic_for("community", community.pk)) == ["member.joined"] * 3


@pytest.mark.parametrize("amount", [2, 25])
def test_adding_many_costs_as_many_statements_as_adding_few(django_assert_num_queries, community, amount):
    users = [UserId(make_user().pk) for _ in range(amount)]
    users += [UserId(make_member(community, status=MembershipStatus.REMOVED).user_id) for _ in range(amount)]

    with django_assert_num_queries(11):
        add_members(SYSTEM, community_id=CommunityId(community.pk), user_ids=users)


def test_when_one_of_many_users_does_not_exist_nobody_is_added(untouched, community):
    users = [UserId(make_user().pk), UserId(uuid7())]

    with untouched(), pytest.raises(NotFound):
        add_members(SYSTEM, community_id=CommunityId(community.pk), user_ids=users)


def test_when_one_of_many_users_is_banned_nobody_is_added(untouched, community):
    banned = make_member(community, status=MembershipStatus.BANNED)
    users = [UserId(make_user().pk), UserId(banned.user_id)]

    with untouched(), pytest.raises(MemberBanned):
        add_members(SYSTEM, community_id=CommunityId(community.pk), user_ids=users)


# --- The owner ---------------------------------------------------------------------------------------------------------


def test_the_owner_cannot_leave(untouched, owner, moderator):
    with untouched(), pytest.raises(OwnerStays):
        leave_community(acting(owner), community_id=CommunityId(owner.community_id))


@pytest.mark.parametrize("act", [remove_member, ban_member])
def test_the_owner_is_not_sent_away_even_by_the_system(untouched, owner, act):
    with untouched(), pytest.raises(OwnerStays):
        act(SYSTEM, **whom(owner))


def test_an_administrator_does_not_act_on_the_owner(untouched, community, owner):
    administrator = make_member(community, rank=Rank.ADMINISTRATOR)

    with untouched(), pytest.raises(EqualOrHigherRole):
        remove_member(acting(administrator), **whom(owner))


# --- Removal and ban: what they close ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "status"), [(remove_member, MembershipStatus.REMOVED), (ban_member, MembershipStatus.BANNED)]
)
def test_sending_a_member_away_closes_every_topic_that_they_could_read(
    replayed, rooms, community, moderator, member, act, status
):
    user_id = UserId(member.user_id)
    rooms[user_id] = [topic_for("room", uuid7()), topic_for("room", uuid7())]

    with replayed(community):
        act(acting(moderator), **whom(member))

    gone = Membership.objects.get(pk=member.pk)
    assert (gone.status, gone.held.count(), gone.access_epoch) == (status, 0, 2)
    assert [told(topic) for topic in rooms[user_id]] == [[AccessRevoked(user=user_id)]] * 2
    assert told(community_topic(member)) == [AccessRevoked(user=user_id), MemberRemoved(user=user_id)]
    assert told(own_topic(member)) == [
        MembershipChanged(
            community=community.pk, status=status, roles=(), is_owner=False, is_guest=False, timed_out_until=None
        )
    ]


def test_leaving_closes_every_topic_too(replayed, rooms, community, member):
    user_id = UserId(member.user_id)
    rooms[user_id] = [topic_for("room", uuid7())]

    with replayed(community):
        leave_community(acting(member), community_id=CommunityId(community.pk))

    assert told(rooms[user_id][0]) == [AccessRevoked(user=user_id)]
    assert told(community_topic(member)) == [AccessRevoked(user=user_id), MemberRemoved(user=user_id)]


@pytest.mark.parametrize("amount", [3, 30])
def test_closing_many_topics_costs_as_many_statements_as_closing_few(
    django_assert_num_queries, rooms, moderator, member, amount
):
    rooms[UserId(member.user_id)] = [topic_for("room", uuid7()) for _ in range(amount)]

    with django_assert_num_queries(13):
        remove_member(acting(moderator), **whom(member))


def test_what_the_others_see_does_not_tell_a_ban_from_a_departure(rooms, community, moderator):
    leaver, banned = make_member(community), make_member(community)

    leave_community(acting(leaver), community_id=CommunityId(community.pk))
    ban_member(acting(moderator), **whom(banned))

    seen = told(topic_for("community", community.pk))
    assert [type(event) for event in seen] == [AccessRevoked, MemberRemoved] * 2
    assert [event.user for event in seen] == [leaver.user_id] * 2 + [banned.user_id] * 2


def test_banning_a_former_member_is_told_to_nobody_else(replayed, community, moderator):
    former = make_member(community, status=MembershipStatus.REMOVED)

    with replayed(community):
        ban_member(acting(moderator), **whom(former))

    assert Membership.objects.get(pk=former.pk).status == MembershipStatus.BANNED
    assert told(community_topic(former)) == []
    assert types_of(own_topic(former)) == ["membership.changed"]


def test_banning_twice_is_banning_once(untouched, community, moderator):
    banned = make_member(community, status=MembershipStatus.BANNED)

    with untouched():
        ban_member(acting(moderator), **whom(banned))


def test_an_unbanned_user_is_no_member_but_may_become_one(replayed, community, moderator):
    banned = make_member(community, status=MembershipStatus.BANNED)

    with replayed(community):
        unban_member(acting(moderator), **whom(banned))

    assert Membership.objects.get(pk=banned.pk).status == MembershipStatus.REMOVED
    assert told(community_topic(banned)) == []


def test_lifting_a_ban_that_is_none_changes_nothing(untouched, moderator, member):
    with untouched():
        unban_member(acting(moderator), **whom(member))


def test_who_never_was_a_member_cannot_be_acted_on(untouched, community, moderator):
    user_id = UserId(make_user().pk)

    with untouched():
        for act in (remove_member, ban_member, unban_member, lift_time_out):
            with pytest.raises(NotFound):
                act(acting(moderator), community_id=CommunityId(community.pk), user_id=user_id)


def test_who_is_no_member_any_more_cannot_be_removed_again(untouched, community, moderator):
    former = make_member(community, status=MembershipStatus.REMOVED)

    with untouched(), pytest.raises(NotFound):
        remove_member(acting(moderator), **whom(former))


def test_who_is_no_member_cannot_leave(untouched, community):
    former = make_member(community, status=MembershipStatus.REMOVED)

    with untouched(), pytest.raises(NotFound):
        leave_community(acting(former), community_id=CommunityId(community.pk))


# --- Time-outs ---------------------------------------------------------------------------------------------------------


def test_a_time_out_is_told_with_its_end(replayed, community, moderator, member):
    with replayed(community), time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        timed_out = time_out_member(acting(moderator), **whom(member), seconds=90)
        ends = now() + timedelta(seconds=90)
        assert (timed_out.status, timed_out.timed_out_until) == (MembershipStatus.TIMED_OUT, ends)
        lift_time_out(acting(moderator), **whom(member))

    assert types_of(community_topic(member)) == ["member.updated"] * 2
    assert told(own_topic(member))[0].timed_out_until == ends
    assert Membership.objects.get(pk=member.pk).access_epoch == 3


@pytest.mark.parametrize("seconds", [-1, 0, 28 * 86_400 + 1])
def test_a_time_out_has_a_least_and_a_greatest_length(untouched, moderator, member, seconds):
    with untouched(), pytest.raises(InvalidInput) as refused:
        time_out_member(acting(moderator), **whom(member), seconds=seconds)

    assert refused.value.data == {"field": "seconds"}


def test_a_time_out_may_last_28_days(replayed, community, moderator, member):
    with replayed(community):
        time_out_member(acting(moderator), **whom(member), seconds=28 * 86_400)


def test_a_time_out_that_is_over_can_be_cleared(replayed, community, moderator):
    over = make_member(community, status=MembershipStatus.TIMED_OUT, timed_out_until=now() - timedelta(seconds=1))

    with replayed(community):
        assert lift_time_out(acting(moderator), **whom(over)).status == MembershipStatus.ACTIVE


def test_lifting_no_time_out_changes_nothing(untouched, moderator, member):
    with untouched():
        lift_time_out(acting(moderator), **whom(member))


def test_a_timed_out_moderator_moderates_nobody(untouched, community, member):
    until = now() + timedelta(hours=1)
    quiet = make_member(community, rank=Rank.MODERATOR, status=MembershipStatus.TIMED_OUT, timed_out_until=until)

    with untouched(), pytest.raises(AccessRefused) as refused:
        remove_member(acting(quiet), **whom(member))

    assert (refused.value.code, refused.value.decision.expires_at) == ("membership.timed_out", until)


# --- Who may act on whom -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS_ON_A_MEMBER, ids=ACT_NAMES)
def test_an_ordinary_member_acts_on_nobody(untouched, community, member, act):
    other = make_member(community)

    with untouched(), pytest.raises(AccessRefused) as refused:
        act(acting(member), **whom(other))

    assert refused.value.code == "permission.denied"


@pytest.mark.parametrize("act", ACTS_ON_A_MEMBER, ids=ACT_NAMES)
@pytest.mark.parametrize("rank", [Rank.MODERATOR, Rank.ADMINISTRATOR, Rank.OWNER])
def test_a_moderator_acts_on_nobody_of_their_rank_or_above(untouched, community, moderator, act, rank):
    target = make_member(community, rank=rank)

    with untouched(), pytest.raises(EqualOrHigherRole):
        act(acting(moderator), **whom(target))


@pytest.mark.parametrize("act", ACTS_ON_A_MEMBER, ids=ACT_NAMES)
def test_a_stranger_acts_on_nobody_and_learns_nothing(untouched, stranger, member, act):
    with untouched(), pytest.raises(NotFound):
        act(stranger, **whom(member))


@pytest.mark.parametrize("act", ACTS_ON_A_MEMBER, ids=ACT_NAMES)
def test_an_owner_of_another_community_acts_on_nobody_here(untouched, member, act):
    elsewhere = make_member(make_community(), rank=Rank.OWNER)

    with untouched(), pytest.raises(NotFound):
        act(acting(elsewhere), **whom(member))


@pytest.mark.parametrize("act", ACTS_ON_A_MEMBER, ids=ACT_NAMES)
def test_nobody_acts_on_anybody_before_signing_in(untouched, member, act):
    with untouched(), pytest.raises(Unauthenticated):
        act(ANONYMOUS, **whom(member))
