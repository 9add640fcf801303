"""Applying to a community, and thinking better of it. What reviewers do is in `communities.actions.application_reviews`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from accounts.constants import DELETION_ROWS_AT_ONCE
from accounts.queries.users import get_user
from communities.constants import APPLICATIONS_TOPIC, ApplicationStatus, Permission
from communities.errors import (
    AlreadyApplied,
    AlreadyMember,
    ApplicationDecided,
    ApplicationsClosed,
    ApplyLater,
    FormChanged,
)
from communities.events import ApplicationChanged, ApplicationSubmitted, ApplicationUpdated, MyApplicationPayload
from communities.models import Application, ApplicationForm
from communities.models.locks import lock_community
from communities.payloads import application_payload, my_application_payload, questions_of
from communities.policies import lock_community_for, may
from communities.processing.questions import checked_answers, stored_answers
from communities.queries.application_forms import newest_form
from communities.queries.applications import find_application, has_pending_application, last_refused_at
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import ApplicationId, CommunityId, UserId
from kernel.rate_limits import take


def submit_application(
    actor: Actor, *, community_id: CommunityId, form: int, answers: Mapping[str, object]
) -> MyApplicationPayload:
    """Answer version `form` of the community's form, by the ids of its questions. For whoever sees the card and is no member.

    Locks the community. Emits `application.submitted` to reviewers and `application.changed` to the applicant. Raises
    `ApplicationsClosed`, `FormChanged`, `AlreadyMember`, `AlreadyApplied`, `ApplyLater`, `InvalidInput`, `RateLimited`,
    or `NotFound` for who does not see the community.
    """
    user_id = actor.require_user()
    take(settings.RATE_LIMITS["application_submit.user"], str(user_id))
    with transaction.atomic():
        community = lock_community_for(actor, community_id, Permission.VIEW_CARD)
        if may(actor, Permission.VIEW_COMMUNITY, community):
            raise AlreadyMember
        current = _open_form(community_id, form)
        _check_history(community_id, user_id, current)
        application = Application.objects.create(
            community_id=community_id,
            user=get_user(user_id),
            form=current,
            answers=stored_answers(checked_answers(questions_of(current), answers)),
        )
        reviewed = application_payload(application, at=now())
        payload = my_application_payload(application)
        append(
            [
                Draft(topic_for(APPLICATIONS_TOPIC, community_id), ApplicationSubmitted(application=reviewed)),
                Draft(topic_for("user", user_id), ApplicationChanged(application=payload)),
            ]
        )
    return payload


def withdraw_application(actor: Actor, *, application_id: ApplicationId) -> MyApplicationPayload:
    """Take one's own pending application back. Once more changes nothing.

    Locks the community. Emits `application.updated` to reviewers and `application.changed` to the applicant.
    Raises `ApplicationDecided`, or `NotFound` for another's.
    """
    user_id = actor.require_user()
    with transaction.atomic():
        application = _lock_own(user_id, application_id)
        if application.status == ApplicationStatus.WITHDRAWN:
            return my_application_payload(application)
        if application.status != ApplicationStatus.PENDING:
            raise ApplicationDecided(status=application.status)
        return _withdraw(application)


def erase_applications(user_id: UserId) -> bool:
    """Withdraw a deleted user's pending application and blank some answers; return whether nothing is left.

    That somebody applied, and what became of it, stays, without a name.
    """
    pending = Application.objects.filter(user_id=user_id, status=ApplicationStatus.PENDING).order_by("pk").first()
    if pending is not None:
        _withdraw(_lock_own(user_id, ApplicationId(pending.pk)))
        return False
    told = Application.objects.filter(user_id=user_id).exclude(answers=[]).order_by("pk")
    some = list(told.values_list("pk", flat=True)[:DELETION_ROWS_AT_ONCE])
    Application.objects.filter(pk__in=some).update(answers=[])
    return len(some) < DELETION_ROWS_AT_ONCE


def _open_form(community_id: CommunityId, number: int) -> ApplicationForm:
    form = newest_form(community_id)
    if form is None or form.closed_at is not None:
        raise ApplicationsClosed
    if form.number != number:
        raise FormChanged(number=form.number)
    return form


def _check_history(community_id: CommunityId, user_id: UserId, form: ApplicationForm) -> None:
    if has_pending_application(community_id, user_id):
        raise AlreadyApplied
    refused_at = last_refused_at(community_id, user_id)
    if refused_at is None:
        return
    again_at = refused_at + timedelta(days=form.cool_down_days)
    if now() < again_at:
        raise ApplyLater(apply_again_at=again_at)


def _lock_own(user_id: UserId, application_id: ApplicationId) -> Application:
    """Return the user's application with its community locked: the community never changes, so it may be read first."""
    own = Application.objects.filter(pk=application_id, user_id=user_id)
    community_id = own.values_list("community_id", flat=True).first()
    if community_id is None:
        raise NotFound
    lock_community(CommunityId(community_id))
    application = find_application(CommunityId(community_id), application_id)
    if application is None:
        raise NotFound
    return application


def _withdraw(application: Application) -> MyApplicationPayload:
    application.status = ApplicationStatus.WITHDRAWN
    application.save(update_fields=["status"])
    payload = my_application_payload(application)
    reviewed = ApplicationUpdated(application=application_payload(application, at=now()))
    append(
        [
            Draft(topic_for(APPLICATIONS_TOPIC, application.community_id), reviewed),
            Draft(topic_for("user", application.user_id), ApplicationChanged(application=payload)),
        ]
    )
    return payload
