"""Entitlements: by hand, by trial, by a purchase that was reported, and their end, which acts on time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from communities.actions.entitlements import (
    grant_entitlement,
    put_trial_offer,
    revoke_entitlement,
    start_trial,
    tell_ended_entitlements,
    unchecked_grant_purchase,
    withdraw_trial_offer,
)
from communities.constants import (
    ENTITLEMENTS_TOPIC,
    CommunityVisibility,
    EntitlementSource,
    MembershipStatus,
)
from communities.errors import TooManyEntitlements, TooManyTrialOffers, TrialUsed
from communities.events import EntitlementEnded, EntitlementGranted, EntitlementRevoked, MyEntitlementChanged
from communities.models import Entitlement, Membership, TrialOffer
from communities.payloads import my_entitlement_payload
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import DomainError, InvalidInput, NotFound, Unauthenticated
from kernel.ids import CommunityId, EntitlementId, UserId, uuid7
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import Rank, acting, make_community, make_entitlement, make_member, make_trial_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community(visibility=CommunityVisibility.LISTED)


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


@pytest.fixture
def user():
    return make_user()


def told(topic) -> list:
    return [event for _, _, event in events_of(topic)]


def managers_topic(community):
    return topic_for(ENTITLEMENTS_TOPIC, community.pk)


def grant(actor, community, user, **details):
    details = {"key": "gold", "reason": "Thanks.", **details}
    return grant_entitlement(actor, community_id=CommunityId(community.pk), user_id=UserId(user.pk), **details)


# --- By hand -------------------------------------------------------------------------------------------------------------


def test_what_is_granted_is_told_to_who_manages_it_and_to_the_user_without_the_reason(community, owner, user):
    granted = grant(acting(owner), community, user, ends_at=now() + timedelta(days=3))

    assert (granted.key, granted.source, granted.granted_by.id, granted.reason) == (
        "gold",
        EntitlementSource.GRANT,
        owner.user_id,
        "Thanks.",
    )
    assert told(managers_topic(community)) == [EntitlementGranted(entitlement=granted)]
    own = my_entitlement_payload(Entitlement.objects.get())
    assert told(topic_for("user", user.pk)) == [MyEntitlementChanged(entitlement=own)]
    assert "Thanks." not in str(own)
    assert told(topic_for("community", community.pk)) == []


def test_every_change_is_a_change_of_what_access_depends_on(community, owner, user):
    member = make_member(community, user)
    elsewhere = make_member(make_community(), user)

    granted = grant(acting(owner), community, user)
    revoke_entitlement(acting(owner), community_id=CommunityId(community.pk), entitlement_id=EntitlementId(granted.id))

    assert Membership.objects.get(pk=member.pk).access_epoch == 3
    assert Membership.objects.get(pk=elsewhere.pk).access_epoch == 1


def test_only_who_manages_entitlements_touches_them(untouched, community, user):
    moderator = make_member(community, rank=Rank.MODERATOR)
    entitlement = make_entitlement(community, user)
    with untouched():
        for actor, error in (
            (acting(moderator), AccessRefused),
            (actor_for(user), NotFound),
            (ANONYMOUS, Unauthenticated),
        ):
            with pytest.raises(error):
                grant(actor, community, user)
            with pytest.raises(error):
                put_trial_offer(actor, community_id=CommunityId(community.pk), key="gold", days=3)
            with pytest.raises(error):
                revoke_entitlement(
                    actor, community_id=CommunityId(community.pk), entitlement_id=EntitlementId(entitlement.pk)
                )


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "Gold"}, "key"),
        ({"key": "gold\n"}, "key"),
        ({"key": "g" * 61}, "key"),
        ({"reason": " "}, "reason"),
        ({"reason": "r" * 501}, "reason"),
        ({"ends_at": now() - timedelta(days=1)}, "ends_at"),
        ({"starts_at": now() + timedelta(days=2), "ends_at": now() + timedelta(days=1)}, "ends_at"),
        ({"starts_at": now() - timedelta(days=2), "ends_at": now() - timedelta(days=1)}, "ends_at"),
    ],
)
def test_a_bad_grant_is_refused_and_the_field_is_named(untouched, community, owner, user, details, field):
    with untouched(), pytest.raises(InvalidInput) as refused:
        grant(acting(owner), community, user, **details)
    assert refused.value.data == {"field": field}


def test_nobody_is_granted_nothing(untouched, community, owner):
    with untouched(), pytest.raises(NotFound):
        grant_entitlement(
            acting(owner), community_id=CommunityId(community.pk), user_id=UserId(uuid7()), key="gold", reason="So."
        )


def test_a_user_has_so_many_in_a_community(untouched, monkeypatch, community, owner, user):
    monkeypatch.setattr("communities.actions.entitlements.ENTITLEMENTS_MAX", 1)
    make_entitlement(community, user, ends_at=now() - timedelta(hours=1), starts_at=now() - timedelta(hours=2))
    grant(acting(owner), community, user)
    with untouched(), pytest.raises(TooManyEntitlements):
        grant(acting(owner), community, user)


def test_a_revoked_one_is_told_once(community, owner, user):
    entitlement = make_entitlement(community, user)

    for _ in range(2):
        revoke_entitlement(
            acting(owner), community_id=CommunityId(community.pk), entitlement_id=EntitlementId(entitlement.pk)
        )

    [event] = told(managers_topic(community))
    assert isinstance(event, EntitlementRevoked)
    assert event.entitlement.revoked_at is not None
    assert len(told(topic_for("user", user.pk))) == 1


def test_what_is_over_is_not_revoked_and_what_is_elsewhere_is_not_there(untouched, community, owner, user):
    over = make_entitlement(community, user, starts_at=now() - timedelta(days=2), ends_at=now() - timedelta(days=1))
    elsewhere = make_entitlement(make_community(), user)
    with untouched():
        revoke_entitlement(acting(owner), community_id=CommunityId(community.pk), entitlement_id=EntitlementId(over.pk))
        for pk in (elsewhere.pk, uuid7()):
            with pytest.raises(NotFound):
                revoke_entitlement(
                    acting(owner), community_id=CommunityId(community.pk), entitlement_id=EntitlementId(pk)
                )


# --- Trials --------------------------------------------------------------------------------------------------------------


def test_what_is_offered_can_be_tried_once(untouched, community, owner, user):
    offer = put_trial_offer(acting(owner), community_id=CommunityId(community.pk), key="gold", days=14)

    with time_machine.travel(now(), tick=False):
        trial = start_trial(actor_for(user), community_id=CommunityId(community.pk), offer_id=offer.id)
        assert (trial.source, trial.ends_at) == (EntitlementSource.TRIAL, now() + timedelta(days=14))
        later = now() + timedelta(days=20)

    with time_machine.travel(later, tick=False), untouched(), pytest.raises(TrialUsed):
        start_trial(actor_for(user), community_id=CommunityId(community.pk), offer_id=offer.id)


def test_an_offer_that_is_put_again_is_the_same_one_with_other_days(community, owner):
    offers = [
        put_trial_offer(acting(owner), community_id=CommunityId(community.pk), key="gold", days=days)
        for days in (14, 7)
    ]

    assert offers[0].id == offers[1].id
    assert TrialOffer.objects.get().days == 7


def test_a_withdrawn_offer_is_not_there_and_who_tries_goes_on(untouched, community, owner, user):
    offer = make_trial_offer(community)
    start_trial(actor_for(user), community_id=CommunityId(community.pk), offer_id=offer.pk)

    withdraw_trial_offer(acting(owner), community_id=CommunityId(community.pk), offer_id=offer.pk)

    assert Entitlement.objects.get().revoked_at is None
    with untouched():
        with pytest.raises(NotFound):
            start_trial(actor_for(make_user()), community_id=CommunityId(community.pk), offer_id=offer.pk)
        with pytest.raises(NotFound):
            withdraw_trial_offer(acting(owner), community_id=CommunityId(community.pk), offer_id=offer.pk)


def test_who_does_not_see_the_community_tries_nothing(untouched, community, user):
    offer = make_trial_offer(community)
    secret = make_community()
    hidden = make_trial_offer(secret)
    banned = make_member(community, status=MembershipStatus.BANNED)
    with untouched():
        with pytest.raises(NotFound):
            start_trial(acting(banned), community_id=CommunityId(community.pk), offer_id=offer.pk)
        for place, wanted in ((secret, hidden), (community, hidden)):
            with pytest.raises(NotFound):
                start_trial(actor_for(user), community_id=CommunityId(place.pk), offer_id=wanted.pk)


@pytest.mark.parametrize("days", [0, 366])
def test_a_trial_lasts_a_day_to_a_year(untouched, community, owner, days):
    with untouched(), pytest.raises(InvalidInput) as refused:
        put_trial_offer(acting(owner), community_id=CommunityId(community.pk), key="gold", days=days)
    assert refused.value.data == {"field": "days"}


def test_a_community_has_so_many_offers(untouched, monkeypatch, community, owner):
    monkeypatch.setattr("communities.actions.entitlements.TRIAL_OFFERS_MAX", 1)
    make_trial_offer(community, key="gold")
    put_trial_offer(acting(owner), community_id=CommunityId(community.pk), key="gold", days=3)
    with untouched(), pytest.raises(TooManyTrialOffers):
        put_trial_offer(acting(owner), community_id=CommunityId(community.pk), key="silver", days=3)


# --- Purchases -----------------------------------------------------------------------------------------------------------


def test_a_purchase_that_is_reported_twice_is_one(community, user):
    bought = [
        unchecked_grant_purchase(
            community_id=CommunityId(community.pk),
            user_id=UserId(user.pk),
            key="gold",
            reference="order-7",
            starts_at=now(),
            ends_at=None,
        )
        for _ in range(2)
    ]

    assert bought[0] == bought[1]
    assert (bought[0].source, bought[0].ends_at, bought[0].granted_by) == (EntitlementSource.PURCHASE, None, None)
    assert len(told(managers_topic(community))) == 1


# --- The end -------------------------------------------------------------------------------------------------------------


def test_an_end_is_told_once_when_its_time_has_come(community, user):
    member = make_member(community, user)
    ending = make_entitlement(community, user, ends_at=now() + timedelta(hours=1))
    make_entitlement(community, user)
    make_entitlement(community, user, ends_at=now() + timedelta(hours=1), revoked_at=now())

    assert tell_ended_entitlements() == 0
    with time_machine.travel(ending.ends_at, tick=False):
        assert tell_ended_entitlements() == 1
        assert tell_ended_entitlements() == 0

    [event] = told(managers_topic(community))
    assert isinstance(event, EntitlementEnded)
    assert event.entitlement.id == ending.pk
    assert [type(event) for event in told(topic_for("user", user.pk))] == [MyEntitlementChanged]
    assert Membership.objects.get(pk=member.pk).access_epoch == 2


def test_many_ends_are_told_community_by_community(monkeypatch, user):
    monkeypatch.setattr("communities.actions.entitlements.ENDS_TOLD_AT_ONCE", 1)
    past = {"starts_at": now() - timedelta(days=2), "ends_at": now() - timedelta(days=1)}
    here, there = make_community(), make_community()
    for community in (here, here, there):
        make_entitlement(community, make_user(), **past)

    assert [tell_ended_entitlements() for _ in range(3)] == [2, 1, 0]


def test_the_system_grants_too(community, user):
    assert grant(SYSTEM, community, user).granted_by is None


# --- At the same moment --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_who_begins_a_trial_twice_at_once_begins_it_once():
    community = make_community(visibility=CommunityVisibility.LISTED)
    offer, user = make_trial_offer(community), make_user()

    outcomes = at_once(
        *(
            lambda: start_trial(actor_for(user), community_id=CommunityId(community.pk), offer_id=offer.pk)
            for _ in range(3)
        )
    )

    refused = [outcome.code for outcome in outcomes if isinstance(outcome, DomainError)]
    assert refused == ["entitlement.trial_used"] * 2
    assert Entitlement.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_purchase_reported_by_two_at_once_is_one():
    community, user = make_community(), make_user()

    outcomes = at_once(
        *(
            lambda: unchecked_grant_purchase(
                community_id=CommunityId(community.pk),
                user_id=UserId(user.pk),
                key="gold",
                reference="order-7",
                starts_at=now(),
                ends_at=None,
            )
            for _ in range(2)
        )
    )

    assert len({outcome.id for outcome in outcomes}) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_an_end_once():
    community = make_community()
    make_entitlement(community, make_user(), starts_at=now() - timedelta(days=2), ends_at=now() - timedelta(days=1))

    assert sorted(at_once(tell_ended_entitlements, tell_ended_entitlements)) == [0, 1]
