"""From models to wire structs; the same builders serve REST, hello and events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.conf import settings
from msgspec.structs import asdict, replace

from accounts.payloads import user_payload
from communities.constants import (
    ApplicationStatus,
    CommunityVisibility,
    EntitlementSource,
    GateMode,
    JoinPolicy,
    MembershipStatus,
    Verdict,
)
from communities.events import (
    AnswerPayload,
    ApplicationFormPayload,
    ApplicationPayload,
    AskedChoice,
    AskedQuestion,
    ChosenPayload,
    CommunityPayload,
    EntitlementPayload,
    ExternalServicePayload,
    GateVersionPayload,
    InvitePayload,
    InviteUsePayload,
    InviteWithCode,
    LevelPayload,
    MemberPayload,
    MembershipChanged,
    MyApplicationPayload,
    MyEntitlementPayload,
    OnboardingChoice,
    OnboardingPayload,
    OnboardingQuestion,
    QuestionPayload,
    ReviewedApplication,
    RolePayload,
    RulesAcceptancePayload,
    RulesPayload,
    ShadowDifferencePayload,
    TrialOfferPayload,
    VotePayload,
)
from communities.models import (
    Application,
    ApplicationForm,
    ApplicationVote,
    Community,
    Entitlement,
    ExternalService,
    Gate,
    GateVersion,
    Invite,
    InviteUse,
    MemberLevel,
    Membership,
    OnboardingAnswer,
    OnboardingVersion,
    Role,
    RulesAcceptance,
    RulesVersion,
    ShadowDifference,
    TrialOffer,
)
from kernel.ids import RoleId, UserId


def community_payload(community: Community) -> CommunityPayload:
    """Return what is the same for everybody who may see the community's card."""
    return CommunityPayload(
        id=community.pk,
        slug=community.slug,
        name=community.name,
        description=community.description,
        join_policy=JoinPolicy(community.join_policy),
        visibility=CommunityVisibility(community.visibility),
        created_at=community.created_at,
    )


def role_payload(role: Role) -> RolePayload:
    """Return a role as members see it."""
    return RolePayload(
        id=role.pk,
        name=role.name,
        position=role.position,
        colour=role.colour,
        permissions=tuple(role.permissions),
        is_default=role.is_default,
        is_self_assignable=role.is_self_assignable,
    )


def member_payload(membership: Membership, roles: Sequence[RoleId], *, at: datetime) -> MemberPayload:
    """Return a current member, whose user must be loaded, as they stand at a moment: a time-out that is over is not shown."""
    until = membership.timed_out_until
    timed_out = membership.status == MembershipStatus.TIMED_OUT and until is not None and at < until
    return MemberPayload(
        user=user_payload(membership.user),
        roles=tuple(roles),
        is_owner=membership.is_owner,
        is_guest=membership.is_guest,
        status=MembershipStatus.TIMED_OUT if timed_out else MembershipStatus.ACTIVE,
        timed_out_until=until if timed_out else None,
        joined_at=membership.joined_at,
    )


def membership_changed(membership: Membership, roles: Sequence[RoleId]) -> MembershipChanged:
    """Return the event that tells a user where they stand now."""
    timed_out = membership.status == MembershipStatus.TIMED_OUT
    return MembershipChanged(
        community=membership.community_id,
        status=MembershipStatus(membership.status),
        roles=tuple(roles),
        is_owner=membership.is_owner,
        is_guest=membership.is_guest,
        timed_out_until=membership.timed_out_until if timed_out else None,
    )


def invite_payload(invite: Invite) -> InvitePayload:
    """Return the invite, whose maker must be loaded, without its code."""
    return InvitePayload(
        id=invite.pk,
        community=invite.community_id,
        created_by=user_payload(invite.created_by) if invite.created_by is not None else None,
        created_at=invite.created_at,
        expires_at=invite.expires_at,
        max_uses=invite.max_uses,
        uses=invite.uses,
        revoked_at=invite.revoked_at,
        role=invite.role_id,
        for_guests=invite.is_for_guests,
    )


def invite_with_code(invite: Invite, code: str | None, *, viewer_id: UserId | None) -> InviteWithCode:
    """Return the invite as who may give it away sees it; code and room of one for guests are for its maker alone."""
    is_hidden = invite.is_for_guests and invite.created_by_id != viewer_id
    shown = (None, None) if is_hidden else (code, invite.place_id)
    return InviteWithCode(**asdict(invite_payload(invite)), code=shown[0], room=shown[1])


def invite_use_payload(use: InviteUse) -> InviteUsePayload:
    """Return who, whose user must be loaded, came by an invite."""
    return InviteUsePayload(user=user_payload(use.user), used_at=use.used_at)


def application_form_payload(form: ApplicationForm) -> ApplicationFormPayload:
    """Return a version of the form."""
    return ApplicationFormPayload(
        id=form.pk,
        community=form.community_id,
        number=form.number,
        introduction=form.introduction,
        questions=questions_of(form),
        cool_down_days=form.cool_down_days,
        created_at=form.created_at,
        closed_at=form.closed_at,
    )


def my_application_payload(application: Application) -> MyApplicationPayload:
    """Return the application, whose form must be loaded, as the applicant sees it."""
    return MyApplicationPayload(
        id=application.pk,
        community=application.community_id,
        form=application.form.number,
        status=ApplicationStatus(application.status),
        answers=_answers_of(application),
        submitted_at=application.submitted_at,
        decided_at=application.decided_at,
        reason=application.reason,
    )


def application_payload(application: Application, *, at: datetime) -> ApplicationPayload:
    """Return the application, with all that it refers to loaded, as reviewers see it at a moment: a claim that is over is not shown."""
    until = claimed_until(application)
    is_claimed = until is not None and at < until
    return ApplicationPayload(
        id=application.pk,
        community=application.community_id,
        user=user_payload(application.user),
        form=application.form.number,
        status=ApplicationStatus(application.status),
        submitted_at=application.submitted_at,
        claimed_by=user_payload(application.claimed_by) if is_claimed and application.claimed_by else None,
        claimed_until=until if is_claimed else None,
        decided_by=user_payload(application.decided_by) if application.decided_by is not None else None,
        decided_at=application.decided_at,
        reason=application.reason,
    )


def claimed_until(application: Application) -> datetime | None:
    """Return when the claim of a pending application ends, or None where there is none."""
    if application.claimed_at is None or application.status != ApplicationStatus.PENDING:
        return None
    return application.claimed_at + timedelta(minutes=settings.APPLICATION_CLAIM_MINUTES)


def vote_payload(vote: ApplicationVote) -> VotePayload:
    """Return a vote, whose reviewer must be loaded."""
    return VotePayload(
        reviewer=user_payload(vote.reviewer), verdict=Verdict(vote.verdict), note=vote.note, voted_at=vote.voted_at
    )


def reviewed_application(
    application: Application, votes: Iterable[ApplicationVote], *, at: datetime
) -> ReviewedApplication:
    """Return all that a reviewer sees of an application."""
    return ReviewedApplication(
        application=application_payload(application, at=at),
        questions=questions_of(application.form),
        answers=_answers_of(application),
        votes=tuple(map(vote_payload, votes)),
    )


def questions_of(form: ApplicationForm) -> tuple[QuestionPayload, ...]:
    """Return the questions of a version of the form."""
    return msgspec.convert(form.questions, tuple[QuestionPayload, ...])


def _answers_of(application: Application) -> tuple[AnswerPayload, ...]:
    return msgspec.convert(application.answers, tuple[AnswerPayload, ...])


def my_entitlement_payload(entitlement: Entitlement) -> MyEntitlementPayload:
    """Return the entitlement as its user sees it."""
    return MyEntitlementPayload(
        id=entitlement.pk,
        community=entitlement.community_id,
        key=entitlement.key,
        source=EntitlementSource(entitlement.source),
        starts_at=entitlement.starts_at,
        ends_at=entitlement.ends_at,
        revoked_at=entitlement.revoked_at,
    )


def entitlement_payload(entitlement: Entitlement) -> EntitlementPayload:
    """Return the entitlement, whose people must be loaded, as who manages it sees it."""
    return EntitlementPayload(
        **asdict(my_entitlement_payload(entitlement)),
        user=user_payload(entitlement.user),
        granted_by=user_payload(entitlement.granted_by) if entitlement.granted_by is not None else None,
        reason=entitlement.reason,
    )


def trial_offer_payload(offer: TrialOffer) -> TrialOfferPayload:
    """Return what can be tried."""
    return TrialOfferPayload(id=offer.pk, community=offer.community_id, key=offer.key, days=offer.days)


def rules_payload(rules: RulesVersion) -> RulesPayload:
    """Return a version of the rules."""
    return RulesPayload(
        number=rules.number,
        text=rules.text,
        summary=rules.summary,
        must_accept=rules.must_accept,
        created_at=rules.created_at,
    )


def rules_acceptance_payload(acceptance: RulesAcceptance) -> RulesAcceptancePayload:
    """Return who, whose user and version must be loaded, accepted what."""
    return RulesAcceptancePayload(
        user=user_payload(acceptance.user), number=acceptance.version.number, accepted_at=acceptance.accepted_at
    )


def level_payload(level: MemberLevel) -> LevelPayload:
    """Return the level of a member."""
    return LevelPayload(community=level.community_id, user=level.user_id, level=level.level)


def external_service_payload(service: ExternalService) -> ExternalServicePayload:
    """Return a service without its secret."""
    return ExternalServicePayload(
        id=service.pk,
        community=service.community_id,
        name=service.name,
        url=service.url,
        min_seconds=service.min_seconds,
        max_seconds=service.max_seconds,
        failures=service.failures,
        last_failure=service.last_failure,
        paused_until=service.paused_until,
        former_secret_until=service.former_secret_until,
        created_at=service.created_at,
    )


def shadow_difference_payload(difference: ShadowDifference) -> ShadowDifferencePayload:
    """Return what was noted of a member, whose user must be loaded."""
    return ShadowDifferencePayload(
        user=user_payload(difference.user), would_pass=difference.would_pass, noted_at=difference.noted_at
    )


def gate_version_payload(version: GateVersion, gate: Gate) -> GateVersionPayload:
    """Return a version, whose author must be loaded, as those see it who may change the gate."""
    return GateVersionPayload(
        id=version.pk,
        number=version.number,
        mode=GateMode(version.mode),
        tree=version.tree,
        reason=version.reason,
        author=None if version.author is None else user_payload(version.author),
        created_at=version.created_at,
        grace=version.grace,
        grandfathered_until=version.grandfathered_until,
        is_live=version.pk == gate.live_id,
    )


def onboarding_questions_of(version: OnboardingVersion) -> tuple[OnboardingQuestion, ...]:
    """Return the questions of a version."""
    return msgspec.convert(version.questions, tuple[OnboardingQuestion, ...])


def chosen_of(answer: OnboardingAnswer) -> tuple[ChosenPayload, ...]:
    """Return what a member chose."""
    return msgspec.convert(answer.chosen, tuple[ChosenPayload, ...])


def onboarding_payload(version: OnboardingVersion, *, rooms: Collection[UUID]) -> OnboardingPayload:
    """Return a version for who manages the community, with these of its rooms."""

    def shown(choice: OnboardingChoice) -> OnboardingChoice:
        return replace(choice, rooms=tuple(room for room in choice.rooms if room in rooms))

    questions = onboarding_questions_of(version)
    return OnboardingPayload(
        number=version.number,
        questions=tuple(replace(one, choices=tuple(map(shown, one.choices))) for one in questions),
        created_at=version.created_at,
    )


def asked_question(question: OnboardingQuestion) -> AskedQuestion:
    """Return a question as members see it: what its choices give is not told."""
    choices = tuple(AskedChoice(id=choice.id, label=choice.label) for choice in question.choices)
    return AskedQuestion(id=question.id, kind=question.kind, label=question.label, choices=choices)
