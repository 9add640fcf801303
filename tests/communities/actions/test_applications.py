"""Applying to a community, and thinking better of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from communities.actions.applications import erase_applications, submit_application, withdraw_application
from communities.constants import (
    APPLICATIONS_TOPIC,
    ApplicationStatus,
    CommunityVisibility,
    JoinPolicy,
    MembershipStatus,
)
from communities.errors import (
    AlreadyApplied,
    AlreadyMember,
    ApplicationDecided,
    ApplicationsClosed,
    ApplyLater,
    FormChanged,
)
from communities.events import ApplicationChanged, ApplicationSubmitted, ApplicationUpdated
from communities.models import Application
from communities.payloads import application_payload
from eventlog.topics import topic_for
from kernel.actor import ANONYMOUS
from kernel.clock import now
from kernel.errors import DomainError, InvalidInput, NotFound, RateLimited, Unauthenticated
from kernel.ids import ApplicationId, CommunityId, UserId
from tests.concurrency import at_once
from tests.event_log import events_of
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import make_application, make_community, make_form, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limiter")]
ANSWERS = {"1": "Because."}


@pytest.fixture
def community():
    return make_community(visibility=CommunityVisibility.LISTED)


@pytest.fixture
def form(community):
    return make_form(community)


@pytest.fixture
def user():
    return make_user()


def told(topic) -> list:
    return [event for _, _, event in events_of(topic)]


def submit(community, user, *, form: int = 1, answers=ANSWERS):
    return submit_application(actor_for(user), community_id=CommunityId(community.pk), form=form, answers=answers)


def test_who_sees_the_card_applies_and_reviewers_are_told_without_the_answers(community, form, user):
    applied = submit(community, user)

    row = Application.objects.select_related("form").get()
    assert (row.user_id, row.form, row.status) == (user.pk, form, ApplicationStatus.PENDING)
    assert applied.answers[0].answer == "Because."
    assert told(topic_for("user", user.pk)) == [ApplicationChanged(application=applied)]
    reviewers = told(topic_for(APPLICATIONS_TOPIC, community.pk))
    assert reviewers == [ApplicationSubmitted(application=application_payload(row, at=now()))]
    assert "Because." not in str(reviewers)
    assert told(topic_for("community", community.pk)) == []


def test_nobody_applies_to_what_they_do_not_see(untouched, user):
    secret = make_community()
    make_form(secret)
    listed = make_community(visibility=CommunityVisibility.LISTED)
    make_form(listed)
    banned = make_member(listed, status=MembershipStatus.BANNED)
    with untouched():
        for community, applicant in ((secret, user), (listed, banned.user)):
            with pytest.raises(NotFound):
                submit(community, applicant)
        with pytest.raises(Unauthenticated):
            submit_application(ANONYMOUS, community_id=CommunityId(listed.pk), form=1, answers=ANSWERS)


def test_a_member_does_not_apply(untouched, community, form):
    member = make_member(community)
    with untouched(), pytest.raises(AlreadyMember):
        submit(community, member.user)


def test_where_there_is_no_open_form_nobody_applies(untouched, community, user):
    with untouched(), pytest.raises(ApplicationsClosed):
        submit(community, user)
    form = make_form(community)
    form.closed_at = now()
    form.save()
    with untouched(), pytest.raises(ApplicationsClosed):
        submit(community, user)


def test_answers_to_an_older_version_are_refused_with_the_number_of_the_new_one(untouched, community, form, user):
    make_form(community)
    with untouched(), pytest.raises(FormChanged) as refused:
        submit(community, user)
    assert refused.value.data == {"number": 2}


def test_answers_that_do_not_fit_are_no_application(untouched, community, form, user):
    with untouched(), pytest.raises(InvalidInput) as refused:
        submit(community, user, answers={})
    assert refused.value.data == {"field": "answers.1"}


def test_one_application_waits_at_a_time(untouched, community, form, user):
    submit(community, user)
    with untouched(), pytest.raises(AlreadyApplied):
        submit(community, user)


def test_who_was_refused_waits_for_as_long_as_the_form_says(untouched, community, form, user):
    at = now()
    make_application(community, user, status=ApplicationStatus.REFUSED, decided_at=at)
    again_at = at + timedelta(days=form.cool_down_days)

    with time_machine.travel(again_at - timedelta(seconds=1), tick=False), untouched():
        with pytest.raises(ApplyLater) as refused:
            submit(community, user)
        assert refused.value.data == {"apply_again_at": again_at}
    with time_machine.travel(again_at, tick=False):
        assert submit(community, user).status == ApplicationStatus.PENDING


def test_who_withdrew_may_apply_again_at_once_and_the_old_one_is_kept(community, form, user):
    first = submit(community, user)
    withdraw_application(actor_for(user), application_id=ApplicationId(first.id))

    submit(community, user)

    statuses = Application.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [ApplicationStatus.WITHDRAWN, ApplicationStatus.PENDING]


def test_who_applies_all_the_time_has_to_wait(untouched, settings, limiter, community, form, user):
    limit = settings.RATE_LIMITS["application_submit.user"]
    limiter.taken[limit.name, str(user.pk)] = limit.quota
    with untouched(), pytest.raises(RateLimited):
        submit(community, user)


def test_withdrawing_is_told_once(community, form, user):
    first = submit(community, user)

    again = [withdraw_application(actor_for(user), application_id=ApplicationId(first.id)) for _ in range(2)]

    assert again[0] == again[1]
    assert told(topic_for("user", user.pk))[1:] == [ApplicationChanged(application=again[0])]
    [updated] = told(topic_for(APPLICATIONS_TOPIC, community.pk))[1:]
    assert isinstance(updated, ApplicationUpdated)
    assert updated.application.status == ApplicationStatus.WITHDRAWN


@pytest.mark.parametrize("status", [ApplicationStatus.APPROVED, ApplicationStatus.REFUSED])
def test_what_is_decided_is_not_withdrawn(untouched, community, user, status):
    application = make_application(community, user, status=status)
    with untouched(), pytest.raises(ApplicationDecided) as refused:
        withdraw_application(actor_for(user), application_id=ApplicationId(application.pk))
    assert refused.value.data == {"status": status}


def test_the_application_of_another_is_not_there(untouched, community, user):
    application = make_application(community, make_user())
    with untouched(), pytest.raises(NotFound):
        withdraw_application(actor_for(user), application_id=ApplicationId(application.pk))


def test_of_a_deleted_user_it_stays_that_they_applied_and_not_what_they_answered(community, user):
    make_application(community, user, status=ApplicationStatus.REFUSED)
    make_application(community, user)

    for _ in range(4):
        if erase_applications(UserId(user.pk)):
            break

    rows = Application.objects.order_by("pk").values_list("status", "answers")
    assert list(rows) == [(ApplicationStatus.REFUSED, []), (ApplicationStatus.WITHDRAWN, [])]
    assert erase_applications(UserId(user.pk))


@pytest.mark.django_db(transaction=True)
def test_who_applies_twice_at_once_has_applied_once():
    community = make_community(join_policy=JoinPolicy.OPEN)
    make_form(community)
    user = make_user()

    outcomes = at_once(*(lambda: submit(community, user) for _ in range(3)))

    refused = [outcome.code for outcome in outcomes if isinstance(outcome, DomainError)]
    assert refused == ["application.pending_already"] * 2
    assert Application.objects.count() == 1
