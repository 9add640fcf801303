"""What reviewers do with applications, alone and at the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from communities.actions.application_reviews import (
    claim_application,
    decide_application,
    decide_applications,
    release_application,
    vote_on_application,
)
from communities.actions.applications import withdraw_application
from communities.actions.memberships import ban_member
from communities.constants import APPLICATIONS_TOPIC, ApplicationStatus, MembershipStatus, Verdict
from communities.errors import ApplicantGone, ApplicationClaimed, ApplicationDecided, MemberBanned
from communities.events import ApplicationChanged, ApplicationUpdated, ApplicationVoted
from communities.models import Application, ApplicationVote, Membership
from communities.queries.applications import find_application, get_reviewed_application
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.decision import AccessRefused
from kernel.errors import DomainError, InvalidInput, NotFound
from kernel.ids import ApplicationId, CommunityId, UserId, uuid7
from tests.concurrency import at_once
from tests.event_log import events_of, types_of
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import Rank, acting, make_application, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community()


@pytest.fixture
def reviewer(community):
    return make_member(community, rank=Rank.MODERATOR)


@pytest.fixture
def other(community):
    return make_member(community, rank=Rank.MODERATOR)


@pytest.fixture
def application(community):
    return make_application(community, make_user())


def one(application: Application) -> dict:
    return {"community_id": CommunityId(application.community_id), "application_id": ApplicationId(application.pk)}


def told(topic) -> list:
    return [event for _, _, event in events_of(topic)]


def told_to_reviewers(application) -> list:
    return told(topic_for(APPLICATIONS_TOPIC, application.community_id))


ACTS = [
    claim_application,
    release_application,
    lambda actor, **which: vote_on_application(actor, **which, verdict=Verdict.APPROVE),
    lambda actor, **which: decide_application(actor, **which, verdict=Verdict.APPROVE),
]
ACT_NAMES = ["claim", "release", "vote", "decide"]


@pytest.mark.parametrize("act", ACTS, ids=ACT_NAMES)
def test_applications_are_for_reviewers_alone(untouched, application, act):
    member, owner_elsewhere = make_member(application.community), make_member(make_community(), rank=Rank.OWNER)
    with untouched():
        for actor, error in (
            (acting(member), AccessRefused),
            (actor_for(application.user), NotFound),
            (acting(owner_elsewhere), NotFound),
        ):
            with pytest.raises(error):
                act(actor, **one(application))


@pytest.mark.parametrize("act", ACTS, ids=ACT_NAMES)
def test_an_application_to_another_community_is_not_there(untouched, reviewer, act):
    elsewhere = make_application(make_community(), make_user())
    with untouched():
        for application_id in (elsewhere.pk, uuid7()):
            with pytest.raises(NotFound):
                act(
                    acting(reviewer),
                    community_id=CommunityId(reviewer.community_id),
                    application_id=ApplicationId(application_id),
                )


@pytest.mark.parametrize("status", [status for status in ApplicationStatus if status != ApplicationStatus.PENDING])
@pytest.mark.parametrize("act", ACTS, ids=ACT_NAMES)
def test_what_is_not_pending_does_not_change(untouched, community, reviewer, act, status):
    application = make_application(community, make_user(), status=status)
    with untouched(), pytest.raises(ApplicationDecided) as refused:
        act(acting(reviewer), **one(application))
    assert refused.value.data == {"status": status}


# --- Claiming and voting -------------------------------------------------------------------------------------------------


def test_a_claim_keeps_other_reviewers_from_deciding_until_it_ends(untouched, settings, application, reviewer, other):
    with time_machine.travel(now(), tick=False):
        claimed = claim_application(acting(reviewer), **one(application))
        ends = now() + timedelta(minutes=settings.APPLICATION_CLAIM_MINUTES)
    assert (claimed.claimed_by.id, claimed.claimed_until) == (reviewer.user_id, ends)
    assert told_to_reviewers(application) == [ApplicationUpdated(application=claimed)]

    with time_machine.travel(ends - timedelta(seconds=1), tick=False), untouched():
        for act in (ACTS[0], ACTS[1], ACTS[3]):
            with pytest.raises(ApplicationClaimed) as refused:
                act(acting(other), **one(application))
            assert refused.value.data == {"claimed_until": ends}
    with time_machine.travel(ends, tick=False):
        assert claim_application(acting(other), **one(application)).claimed_by.id == other.user_id


def test_a_released_application_is_anyones_again(application, reviewer, other):
    claim_application(acting(reviewer), **one(application))

    released = [release_application(acting(reviewer), **one(application)) for _ in range(2)]

    assert released[0] == released[1]
    assert (released[0].claimed_by, released[0].claimed_until) == (None, None)
    assert len(told_to_reviewers(application)) == 2
    assert claim_application(acting(other), **one(application)).claimed_by.id == other.user_id


def test_reviewers_say_what_they_think_and_may_change_their_minds(application, reviewer, other):
    for who, verdict, note in (
        (reviewer, Verdict.REFUSE, "Too short."),
        (other, Verdict.APPROVE, ""),
        (reviewer, Verdict.APPROVE, " Fine. "),
    ):
        last = vote_on_application(acting(who), **one(application), verdict=verdict, note=note)

    assert (last.note, ApplicationVote.objects.count()) == ("Fine.", 2)
    assert told_to_reviewers(application)[-1] == ApplicationVoted(application=application.pk, vote=last)
    found = find_application(CommunityId(application.community_id), ApplicationId(application.pk))
    reviewed = get_reviewed_application(found)
    assert [vote.verdict for vote in reviewed.votes] == [Verdict.APPROVE, Verdict.APPROVE]
    assert (reviewed.answers[0].answer, reviewed.questions[0].label) == ("Because.", "Why?")
    assert Application.objects.get().status == ApplicationStatus.PENDING


# --- Deciding ------------------------------------------------------------------------------------------------------------


def test_who_is_approved_is_a_member_and_is_told(replayed, application, reviewer):
    with replayed(application.community):
        decided = decide_application(acting(reviewer), **one(application), verdict=Verdict.APPROVE, reason="Welcome!")

    assert (decided.status, decided.decided_by.id, decided.reason) == (
        ApplicationStatus.APPROVED,
        reviewer.user_id,
        "Welcome!",
    )
    assert Membership.objects.get(user=application.user).status == MembershipStatus.ACTIVE
    assert told_to_reviewers(application) == [ApplicationUpdated(application=decided)]
    own = told(topic_for("user", application.user_id))[-1]
    assert isinstance(own, ApplicationChanged)
    assert (own.application.status, own.application.reason) == (ApplicationStatus.APPROVED, "Welcome!")
    assert types_of(topic_for("community", application.community_id)) == ["member.joined"]


def test_who_is_refused_is_told_why_and_not_by_whom(application, reviewer):
    decide_application(acting(reviewer), **one(application), verdict=Verdict.REFUSE, reason=" Not now. ")

    [own] = told(topic_for("user", application.user_id))
    assert (own.application.status, own.application.reason) == (ApplicationStatus.REFUSED, "Not now.")
    assert str(reviewer.user_id) not in str(own)
    assert not Membership.objects.filter(user=application.user).exists()


@pytest.mark.parametrize("reason", ["", " ", "r" * 501])
def test_a_refusal_has_a_reason_of_reasonable_length(untouched, application, reviewer, reason):
    with untouched(), pytest.raises(InvalidInput) as refused:
        decide_application(acting(reviewer), **one(application), verdict=Verdict.REFUSE, reason=reason)
    assert refused.value.data == {"field": "reason"}


def test_who_came_in_by_other_means_stays_as_they_are(application, reviewer):
    make_member(application.community, application.user, rank=Rank.MODERATOR)

    decide_application(acting(reviewer), **one(application), verdict=Verdict.APPROVE)

    assert Membership.objects.get(user=application.user).held.get().role.name == "Moderator"
    assert types_of(topic_for("community", application.community_id)) == []


def test_who_is_banned_meanwhile_is_not_approved_and_may_be_refused(untouched, application, reviewer):
    make_member(application.community, application.user, status=MembershipStatus.BANNED)
    with untouched(), pytest.raises(MemberBanned):
        decide_application(acting(reviewer), **one(application), verdict=Verdict.APPROVE)

    decide_application(acting(reviewer), **one(application), verdict=Verdict.REFUSE, reason="Banned.")
    assert Membership.objects.get(user=application.user).status == MembershipStatus.BANNED


def test_a_closed_account_is_not_approved(untouched, community, reviewer):
    application = make_application(community, make_user(is_active=False))
    with untouched(), pytest.raises(ApplicantGone):
        decide_application(acting(reviewer), **one(application), verdict=Verdict.APPROVE)


def test_the_system_decides_too(application):
    assert decide_application(SYSTEM, **one(application), verdict=Verdict.APPROVE).decided_by is None


# --- Many at once --------------------------------------------------------------------------------------------------------


def test_one_that_cannot_be_decided_does_not_keep_the_others_from_it(community, reviewer, other):
    good = [make_application(community, make_user()) for _ in range(2)]
    claimed, banned = (make_application(community, make_user()) for _ in range(2))
    claim_application(acting(other), **one(claimed))
    make_member(community, banned.user, status=MembershipStatus.BANNED)
    over = make_application(community, make_user(), status=ApplicationStatus.WITHDRAWN)
    wanted = [good[0].pk, claimed.pk, banned.pk, over.pk, uuid7(), good[1].pk, good[0].pk]

    outcomes = decide_applications(
        acting(reviewer),
        community_id=CommunityId(community.pk),
        application_ids=[ApplicationId(pk) for pk in wanted],
        verdict=Verdict.APPROVE,
    )

    assert [outcome.application for outcome in outcomes] == wanted[:-1]
    assert [outcome.refused for outcome in outcomes] == [
        None,
        "application.claimed",
        "member.banned",
        "application.decided_already",
        "not_found",
        None,
    ]
    approved = Application.objects.filter(status=ApplicationStatus.APPROVED).values_list("pk", flat=True)
    assert set(approved) == {application.pk for application in good}
    assert types_of(topic_for("community", community.pk)) == ["member.joined"] * 2


def test_many_decisions_cost_as_many_statements_as_two(django_assert_max_num_queries, community, reviewer):
    def decide(amount: int) -> int:
        ids = [ApplicationId(make_application(community, make_user()).pk) for _ in range(amount)]
        with django_assert_max_num_queries(40) as counted:
            decide_applications(
                acting(reviewer), community_id=CommunityId(community.pk), application_ids=ids, verdict=Verdict.APPROVE
            )
        return len(counted)

    assert decide(2) == decide(9)


@pytest.mark.parametrize("amount", [0, 51])
def test_so_many_are_decided_at_once(untouched, community, reviewer, amount):
    with untouched(), pytest.raises(InvalidInput) as refused:
        decide_applications(
            acting(reviewer),
            community_id=CommunityId(community.pk),
            application_ids=[ApplicationId(uuid7()) for _ in range(amount)],
            verdict=Verdict.APPROVE,
        )
    assert refused.value.data == {"field": "applications"}


# --- At the same moment --------------------------------------------------------------------------------------------------


def codes(outcomes: list) -> list[str]:
    return [outcome.code for outcome in outcomes if isinstance(outcome, DomainError)]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_does():
    community = make_community()
    reviewers = [make_member(community, rank=Rank.MODERATOR) for _ in range(2)]
    application = make_application(community, make_user())

    outcomes = at_once(
        *(
            lambda who=who, verdict=verdict: decide_application(
                acting(who), **one(application), verdict=verdict, reason="So."
            )
            for who, verdict in zip(reviewers, Verdict, strict=True)
        )
    )

    assert codes(outcomes) == ["application.decided_already"]
    application.refresh_from_db()
    is_member = Membership.objects.filter(user=application.user).exists()
    assert is_member == (application.status == ApplicationStatus.APPROVED)


@pytest.mark.django_db(transaction=True)
def test_who_withdraws_while_they_are_approved_is_either_in_or_has_withdrawn():
    community = make_community()
    reviewer = make_member(community, rank=Rank.MODERATOR)
    application = make_application(community, make_user())

    outcomes = at_once(
        lambda: decide_application(acting(reviewer), **one(application), verdict=Verdict.APPROVE),
        lambda: withdraw_application(actor_for(application.user), application_id=ApplicationId(application.pk)),
    )

    assert codes(outcomes) == ["application.decided_already"]
    application.refresh_from_db()
    is_member = Membership.objects.filter(user=application.user).exists()
    assert is_member == (application.status == ApplicationStatus.APPROVED)


@pytest.mark.django_db(transaction=True)
def test_who_is_banned_while_they_are_approved_is_banned():
    community = make_community()
    owner, reviewer = make_member(community, rank=Rank.OWNER), make_member(community, rank=Rank.MODERATOR)
    application = make_application(community, make_user())
    make_member(community, application.user, status=MembershipStatus.REMOVED)
    user_id = UserId(application.user_id)

    at_once(
        lambda: decide_application(acting(reviewer), **one(application), verdict=Verdict.APPROVE),
        lambda: ban_member(acting(owner), community_id=CommunityId(community.pk), user_id=user_id),
    )

    assert Membership.objects.get(user=application.user).status == MembershipStatus.BANNED
