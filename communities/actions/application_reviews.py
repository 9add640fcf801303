"""What reviewers do with applications: take one on, say what they think, decide. All of it waits for the community's lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from accounts.queries.users import get_user
from communities.access import change_access
from communities.actions.memberships import unchecked_admit
from communities.constants import (
    APPLICATIONS_TOPIC,
    BULK_DECISIONS_MAX,
    MAX_REASON_LENGTH,
    ApplicationStatus,
    Permission,
    Verdict,
)
from communities.errors import ApplicantGone, ApplicationClaimed, ApplicationDecided, MemberBanned
from communities.events import (
    ApplicationChanged,
    ApplicationPayload,
    ApplicationUpdated,
    ApplicationVoted,
    DecisionOutcome,
    VotePayload,
)
from communities.models import Application, ApplicationVote
from communities.payloads import application_payload, claimed_until, my_application_payload, vote_payload
from communities.policies import lock_community_for
from communities.queries.applications import find_application, find_applications
from communities.queries.memberships import banned_among, has_gates
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import DomainError, InvalidInput, NotFound
from kernel.ids import ApplicationId, CommunityId, UserId

_STATUS_AFTER = {Verdict.APPROVE: ApplicationStatus.APPROVED, Verdict.REFUSE: ApplicationStatus.REFUSED}


def claim_application(actor: Actor, *, community_id: CommunityId, application_id: ApplicationId) -> ApplicationPayload:
    """Take an application on for `APPLICATION_CLAIM_MINUTES`: nobody else decides meanwhile. Once more lengthens it.

    Locks the community. Emits `application.updated` to reviewers. Raises `ApplicationClaimed`, `ApplicationDecided`, `NotFound`,
    or why it is refused.
    """
    reviewer_id = actor.require_user()
    with transaction.atomic():
        application = _lock_pending(actor, community_id, application_id)
        _check_claim(application, reviewer_id)
        application.claimed_by, application.claimed_at = get_user(reviewer_id), now()
        return _save(application, "claimed_by", "claimed_at")


def release_application(
    actor: Actor, *, community_id: CommunityId, application_id: ApplicationId
) -> ApplicationPayload:
    """Leave an application to others again; one that nobody has taken on stays as it is.

    Locks the community. Emits `application.updated` to reviewers. Raises as `claim_application`.
    """
    reviewer_id = actor.require_user()
    with transaction.atomic():
        application = _lock_pending(actor, community_id, application_id)
        _check_claim(application, reviewer_id)
        if application.claimed_at is None:
            return application_payload(application, at=now())
        application.claimed_by = application.claimed_at = None
        return _save(application, "claimed_by", "claimed_at")


def vote_on_application(
    actor: Actor, *, community_id: CommunityId, application_id: ApplicationId, verdict: Verdict, note: str = ""
) -> VotePayload:
    """Say what one thinks of a pending application, in place of what one said before. It decides nothing by itself.

    Locks the community. Emits `application.voted` to reviewers. Raises `ApplicationDecided`, `InvalidInput`, `NotFound`,
    or why it is refused.
    """
    reviewer_id, note = actor.require_user(), _checked_text(note, "note")
    with transaction.atomic():
        application = _lock_pending(actor, community_id, application_id)
        vote, _ = ApplicationVote.objects.update_or_create(
            application=application,
            reviewer=get_user(reviewer_id),
            defaults={"community_id": community_id, "verdict": verdict, "note": note, "voted_at": now()},
        )
        payload = vote_payload(vote)
        event = ApplicationVoted(application=application.pk, vote=payload)
        append([Draft(topic_for(APPLICATIONS_TOPIC, community_id), event)])
    return payload


def decide_application(
    actor: Actor,
    *,
    community_id: CommunityId,
    application_id: ApplicationId,
    verdict: Verdict,
    reason: str = "",
) -> ApplicationPayload:
    """Let the applicant in, or refuse them with a reason that they are told.

    Locks the community. Emits `application.updated` to reviewers and `application.changed` to the applicant, and for a new member as
    `join_community`. Raises `ApplicationDecided`, `ApplicationClaimed`, `ApplicantGone`, `MemberBanned`, `InvalidInput`, `NotFound`,
    or why it is refused.
    """
    reason = _checked_reason(verdict, reason)
    with transaction.atomic():
        application = _lock_pending(actor, community_id, application_id)
        found = {application_id: application}
        obstacle = _obstacles(actor, community_id, [application_id], found, verdict)[application_id]
        if obstacle is not None:
            raise obstacle
        return _decide(actor, community_id, [application], verdict, reason)[0]


def decide_applications(
    actor: Actor,
    *,
    community_id: CommunityId,
    application_ids: Sequence[ApplicationId],
    verdict: Verdict,
    reason: str = "",
) -> list[DecisionOutcome]:
    """Decide about up to 50 applications alike; one that cannot be decided does not keep the others from it.

    One transaction. Locks the community. Emits as `decide_application` for each. Raises `InvalidInput`, or why it is refused.
    """
    reason = _checked_reason(verdict, reason)
    wanted = list(dict.fromkeys(application_ids))
    if not 1 <= len(wanted) <= BULK_DECISIONS_MAX:
        raise InvalidInput(f"Decide about 1 to {BULK_DECISIONS_MAX} applications at once.", field="applications")
    with transaction.atomic():
        lock_community_for(actor, community_id, Permission.REVIEW_APPLICATIONS)
        found = find_applications(community_id, wanted)
        obstacles = _obstacles(actor, community_id, wanted, found, verdict)
        _decide(actor, community_id, [found[one] for one in wanted if obstacles[one] is None], verdict, reason)
    codes = {one: None if obstacle is None else obstacle.code for one, obstacle in obstacles.items()}
    return [DecisionOutcome(application=one, refused=codes[one]) for one in wanted]


def _obstacles(
    actor: Actor,
    community_id: CommunityId,
    wanted: Sequence[ApplicationId],
    found: Mapping[ApplicationId, Application],
    verdict: Verdict,
) -> dict[ApplicationId, DomainError | None]:
    applicants = [UserId(application.user_id) for application in found.values()]
    banned = banned_among(community_id, applicants) if verdict is Verdict.APPROVE else set()
    return {one: _obstacle(actor, found.get(one), verdict, banned) for one in wanted}


def _obstacle(
    actor: Actor, application: Application | None, verdict: Verdict, banned: Collection[UserId]
) -> DomainError | None:
    """Return why the actor cannot decide so about the application, if so. Nothing is written before all is known."""
    try:
        _check_claim(_pending(application), actor.user_id)
    except DomainError as error:
        return error
    if application is None or verdict is Verdict.REFUSE:
        return None
    if not application.user.is_active:
        return ApplicantGone()
    return MemberBanned() if application.user_id in banned else None


def _decide(
    actor: Actor, community_id: CommunityId, applications: Sequence[Application], verdict: Verdict, reason: str
) -> list[ApplicationPayload]:
    """Write decisions that nothing stands in the way of; a constant number of statements for all."""
    decider = get_user(actor.user_id) if actor.user_id is not None else None
    at = now()
    applicants = {UserId(one.user_id): one.user for one in applications} if verdict is Verdict.APPROVE else {}
    with change_access(community_id, list(applicants) if has_gates(community_id) else []):
        if applicants:
            unchecked_admit(community_id, applicants)
        for one in applications:
            one.status, one.decided_by, one.decided_at, one.reason = _STATUS_AFTER[verdict], decider, at, reason
        Application.objects.bulk_update(applications, ["status", "decided_by", "decided_at", "reason"])
    payloads = [application_payload(one, at=at) for one in applications]
    reviewers = topic_for(APPLICATIONS_TOPIC, community_id)
    told = [Draft(reviewers, ApplicationUpdated(application=payload)) for payload in payloads]
    own = [_told_to_applicant(one) for one in applications]
    append([*told, *own])
    return payloads


def _told_to_applicant(application: Application) -> Draft:
    event = ApplicationChanged(application=my_application_payload(application))
    return Draft(topic_for("user", application.user_id), event)


def _lock_pending(actor: Actor, community_id: CommunityId, application_id: ApplicationId) -> Application:
    lock_community_for(actor, community_id, Permission.REVIEW_APPLICATIONS)
    return _pending(find_application(community_id, application_id))


def _pending(application: Application | None) -> Application:
    if application is None:
        raise NotFound
    if application.status != ApplicationStatus.PENDING:
        raise ApplicationDecided(status=application.status)
    return application


def _check_claim(application: Application, reviewer_id: UserId | None) -> None:
    """The system, like who has taken it on, is not kept from anything."""
    until = claimed_until(application)
    if until is None or until <= now() or reviewer_id in (None, application.claimed_by_id):
        return
    raise ApplicationClaimed(claimed_until=until)


def _save(application: Application, *fields: str) -> ApplicationPayload:
    application.save(update_fields=fields)
    payload = application_payload(application, at=now())
    append([Draft(topic_for(APPLICATIONS_TOPIC, application.community_id), ApplicationUpdated(application=payload))])
    return payload


def _checked_reason(verdict: Verdict, reason: str) -> str:
    reason = _checked_text(reason, "reason")
    if verdict is Verdict.REFUSE and not reason:
        raise InvalidInput("Say why: the applicant is told.", field="reason")
    return reason


def _checked_text(text: str, field: str) -> str:
    text = text.strip()
    if len(text) > MAX_REASON_LENGTH:
        raise InvalidInput(f"Use at most {MAX_REASON_LENGTH} characters.", field=field)
    return text
