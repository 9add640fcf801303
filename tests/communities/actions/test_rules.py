"""The rules of a community: versions, acceptance, and what waits for it."""

from __future__ import annotations

import pytest

from chat.constants import ChatPermission
from communities.access import community_resource, decide
from communities.actions.rules import accept_rules, put_rules
from communities.constants import CommunityVisibility, MembershipStatus
from communities.errors import RulesChangedMeanwhile
from communities.events import RulesAccepted, RulesChanged
from communities.models import Community, Membership, RulesAcceptance, RulesVersion
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.decision import AccessRefused
from kernel.errors import DomainError, InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import Rank, acting, make_community, make_member, make_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


@pytest.fixture
def member(community):
    return make_member(community)


def told(topic) -> list:
    return [event for _, _, event in events_of(topic)]


def put(actor, community, **details):
    return put_rules(actor, community_id=CommunityId(community.pk), **{"text": " Be kind. ", **details})


def accept(actor, community, number: int):
    return accept_rules(actor, community_id=CommunityId(community.pk), number=number)


def may_write(member: Membership) -> bool:
    resource = community_resource(Community.objects.get(pk=member.community_id))
    return decide(acting(member), ChatPermission.SEND_MESSAGE, resource).allowed


def test_new_rules_are_told_without_their_text_and_their_author_has_accepted_them(community, owner):
    made = put(acting(owner), community, summary="The first.")

    assert (made.number, made.text, made.summary, made.must_accept) == (1, "Be kind.", "The first.", True)
    assert told(topic_for("community", community.pk)) == [
        RulesChanged(number=1, summary="The first.", must_accept=True)
    ]
    assert told(topic_for("user", owner.user_id)) == [RulesAccepted(community=community.pk, number=1)]
    assert list(RulesAcceptance.objects.values_list("user_id", "version__number")) == [(owner.user_id, 1)]
    assert may_write(Membership.objects.get(pk=owner.pk))


def test_who_has_not_accepted_reads_and_does_not_write(community, owner, member):
    assert may_write(member)
    put(acting(owner), community)

    resource = community_resource(Community.objects.get(pk=community.pk))
    refused = decide(acting(member), ChatPermission.SEND_MESSAGE, resource)
    assert (refused.allowed, refused.visible, refused.code) == (False, True, "rules.not_accepted")
    assert refused.missing[0].requirement == "rules"
    assert refused.remedy.route == f"/api/v1/communities/{community.pk}/rules/accept"
    assert decide(acting(member), ChatPermission.READ_MESSAGES, resource).allowed

    mine = accept(acting(member), community, 1)
    assert (mine.required_number, mine.accepted_number) == (1, 1)
    assert may_write(member)
    assert Membership.objects.get(pk=member.pk).access_epoch == 2


def test_a_version_that_need_not_be_accepted_closes_nothing(community, owner, member):
    put(acting(owner), community, must_accept=False)

    assert may_write(member)


def test_who_accepted_an_older_version_accepts_again(community, owner, member):
    put(acting(owner), community)
    accept(acting(member), community, 1)
    put(acting(owner), community, must_accept=False)
    assert may_write(member)

    put(acting(owner), community)

    assert not may_write(member)
    accept(acting(member), community, 3)
    assert may_write(member)


def test_accepting_again_changes_nothing(untouched, community, member):
    make_rules(community)
    accept(acting(member), community, 1)
    with untouched():
        assert accept(acting(member), community, 1).accepted_number == 1


def test_who_leaves_and_comes_back_has_accepted(community, member):
    make_rules(community)
    accept(acting(member), community, 1)
    Membership.objects.filter(pk=member.pk).update(status=MembershipStatus.REMOVED)
    Membership.objects.filter(pk=member.pk).update(status=MembershipStatus.ACTIVE)

    assert may_write(member)


def test_what_was_read_is_what_is_accepted(untouched, community, member):
    make_rules(community)
    make_rules(community)
    with untouched(), pytest.raises(RulesChangedMeanwhile) as refused:
        accept(acting(member), community, 1)
    assert refused.value.data == {"number": 2}


def test_who_is_no_member_accepts_nothing_and_where_there_is_nothing_nobody_does(untouched):
    community = make_community(visibility=CommunityVisibility.LISTED)
    make_rules(community)
    bare = make_community()
    member = make_member(bare)
    stranger = actor_for(make_user())
    with untouched():
        with pytest.raises(NotFound):
            accept(stranger, community, 1)
        with pytest.raises(Unauthenticated):
            accept(ANONYMOUS, community, 1)
        with pytest.raises(NotFound):
            accept(acting(member), bare, 1)


def test_only_who_manages_the_community_makes_rules(untouched, community):
    moderator = acting(make_member(community, rank=Rank.MODERATOR))
    stranger = actor_for(make_user())
    with untouched():
        for actor, error in ((moderator, AccessRefused), (stranger, NotFound)):
            with pytest.raises(error):
                put(actor, community)


@pytest.mark.parametrize(
    ("details", "field"),
    [({"text": " "}, "text"), ({"text": "t" * 20_001}, "text"), ({"summary": "s" * 501}, "summary")],
)
def test_rules_have_a_reasonable_length(untouched, community, owner, details, field):
    with untouched(), pytest.raises(InvalidInput) as refused:
        put(acting(owner), community, **details)
    assert refused.value.data == {"field": field}


def test_the_system_makes_rules_and_accepts_none(community):
    put(SYSTEM, community)

    assert (RulesVersion.objects.count(), RulesAcceptance.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_who_accepts_while_the_rules_change_has_not_accepted_the_new_ones_unread():
    community = make_community()
    owner, member = make_member(community, rank=Rank.OWNER), make_member(community)
    make_rules(community)

    _, outcome = at_once(lambda: put(acting(owner), community), lambda: accept(acting(member), community, 1))

    was_first = not isinstance(outcome, DomainError)
    assert Membership.objects.get(pk=member.pk).rules_accepted == (1 if was_first else 0)
    assert not may_write(member)


@pytest.mark.django_db(transaction=True)
def test_two_devices_that_accept_at_once_accept_once():
    community = make_community()
    member = make_member(community)
    make_rules(community)

    outcomes = at_once(*(lambda: accept(acting(member), community, 1) for _ in range(3)))

    assert [outcome.accepted_number for outcome in outcomes] == [1, 1, 1]
    assert RulesAcceptance.objects.count() == 1
    assert told(topic_for("user", member.user_id)) == [RulesAccepted(community=community.pk, number=1)]
