"""The wire contract of communities: payloads, and the events on `community:<id>` and `user:<id>`. No models."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.events import UserPayload
from communities.constants import (
    ApplicationStatus,
    CommunityVisibility,
    EntitlementSource,
    GateMode,
    JoinPolicy,
    MembershipStatus,
    OnboardingKind,
    ParameterKind,
    QuestionKind,
    Verdict,
)
from eventlog.events import Event, durable_event
from kernel.decision import Missing, Remedy
from kernel.wire import WireStruct


class CommunityPayload(WireStruct, frozen=True):
    """What is the same for everybody who may see a community's card."""

    id: UUID
    slug: str
    name: str
    description: str
    join_policy: JoinPolicy
    visibility: CommunityVisibility
    created_at: datetime


class MyCommunityPayload(CommunityPayload, frozen=True):
    """A community as one user sees it: whether they are a member, their roles, and what these let them do in the community itself.

    Time-outs and the state of the account are not counted in: they pass, or nothing works at all. Who owes the rules has to accept them
    before they write again. `takes_applications` says whether there is a form that is not closed.
    """

    is_member: bool
    is_owner: bool
    my_roles: tuple[UUID, ...]
    my_permissions: tuple[str, ...]
    owes_rules: bool
    takes_applications: bool
    member_count: int


class PermissionPayload(WireStruct, frozen=True):
    """What a role can give: its name, in words what it lets people do, and in things of which kind it can be given or denied anew."""

    name: str
    about: str
    overwritten_in: str | None


class RolePayload(WireStruct, frozen=True):
    """A role. A higher position stands above a lower one; the default role, at 0, is every member's. `colour` is "" or like "#b08d57".

    A self-assignable one can be given by answers to questions (`OnboardingPayload`).
    """

    id: UUID
    name: str
    position: int
    colour: str
    permissions: tuple[str, ...]
    is_default: bool
    is_self_assignable: bool


class MemberPayload(WireStruct, frozen=True):
    """A current member. `roles` are the ids of their roles, highest first, without the one that every member has.

    `status` is "active" or "timed_out"; the latter ends by itself at `timed_out_until`.
    """

    user: UserPayload
    roles: tuple[UUID, ...]
    is_owner: bool
    is_guest: bool
    status: MembershipStatus
    timed_out_until: datetime | None
    joined_at: datetime


@durable_event("community.updated")
class CommunityUpdated(Event, frozen=True):
    """The community's name, slug, description, join policy or visibility changed."""

    community: CommunityPayload


@durable_event("member.joined")
class MemberJoined(Event, frozen=True):
    """A user became a member, by themselves or added by a moderator."""

    member: MemberPayload


@durable_event("member.updated")
class MemberUpdated(Event, frozen=True):
    """A member has other roles, became or ceased to be the owner, was timed out, or their time-out was lifted."""

    member: MemberPayload


@durable_event("member.removed")
class MemberRemoved(Event, frozen=True):
    """A user is no longer a member. Whether they left, were removed or were banned is not told."""

    user: UUID


@durable_event("role.created")
class RoleCreated(Event, frozen=True):
    """There is a new role, just above the default one: every other role stands one higher than before."""

    role: RolePayload


@durable_event("role.updated")
class RoleUpdated(Event, frozen=True):
    """A role has another name, colour or set of permissions."""

    role: RolePayload


@durable_event("role.deleted")
class RoleDeleted(Event, frozen=True):
    """A role is gone, and no member has it any more; every role that stood above it stands one lower."""

    role: UUID


@durable_event("roles.reordered")
class RolesReordered(Event, frozen=True):
    """The roles stand in this order, from the highest to the default one, whose position is 0."""

    roles: tuple[UUID, ...]


@durable_event("access.changed")
class AccessChanged(Event, frozen=True):
    """On `user:<id>`: what the user may reach in a community changed with a role. What is shown of it is to be loaded again."""

    community: UUID


@durable_event("membership.changed")
class MembershipChanged(Event, frozen=True):
    """On `user:<id>`: the user's own standing in a community is now this."""

    community: UUID
    status: MembershipStatus
    roles: tuple[UUID, ...]
    is_owner: bool
    is_guest: bool
    timed_out_until: datetime | None


class InvitePayload(WireStruct, frozen=True):
    """An invite without its code. It is open until it expires, is revoked or is used up; `created_by` is null when the system made it.

    It gives a `role`, if any; it is not valid any more when that role is gone. `for_guests`: it leads into one room alone.
    """

    id: UUID
    community: UUID
    created_by: UserPayload | None
    created_at: datetime
    expires_at: datetime
    max_uses: int
    uses: int
    revoked_at: datetime | None
    role: UUID | None
    for_guests: bool


class InviteWithCode(InvitePayload, frozen=True):
    """An invite with its code, for who may give it away. `code` is null when the key it was sealed with is gone: it opens all the same.

    Of an invite into a room, code and `room` are for its maker alone: others who manage invites need not know of that room.
    """

    code: str | None
    room: UUID | None


class InvitePreview(WireStruct, frozen=True):
    """Where a good invite leads. `community` and `invited_by` are null to who is not signed in, unless anybody may see the card.

    `for_guests`: it makes guests, who reach one room alone.
    """

    community: CommunityPayload | None
    invited_by: UserPayload | None
    expires_at: datetime
    for_guests: bool


class InviteUsePayload(WireStruct, frozen=True):
    """Who came by an invite, and when they last did."""

    user: UserPayload
    used_at: datetime


@durable_event("invite.created")
class InviteCreated(Event, frozen=True):
    """On `invites:<community id>`: there is a new invite."""

    invite: InvitePayload


@durable_event("invite.used")
class InviteUsed(Event, frozen=True):
    """On `invites:<community id>`: a user became a member by an invite."""

    invite: InvitePayload
    user: UserPayload


@durable_event("invite.revoked")
class InviteRevoked(Event, frozen=True):
    """On `invites:<community id>`: nobody comes in by this invite any more."""

    invite: InvitePayload


class QuestionPayload(WireStruct, frozen=True):
    """A question of a form. `choices` are those of a question of kind "choice", else empty."""

    id: str
    kind: QuestionKind
    label: str
    required: bool
    choices: tuple[str, ...]


class AnswerPayload(WireStruct, frozen=True):
    """The answer to a question, by its id: a text, or true or false to one of kind "yes_no"."""

    question: str
    answer: str | bool


class OnboardingChoice(WireStruct, frozen=True):
    """A choice as who manages the community sees it, with the ids of the roles and rooms that it gives."""

    id: str
    label: str
    roles: tuple[UUID, ...]
    rooms: tuple[UUID, ...]


class OnboardingQuestion(WireStruct, frozen=True):
    """A question of onboarding as who manages the community sees it: of one choice, or of as many as one likes."""

    id: str
    kind: OnboardingKind
    label: str
    choices: tuple[OnboardingChoice, ...]


class OnboardingPayload(WireStruct, frozen=True):
    """A version of the questions that a community asks of its members. Rooms into which one may not let people are left out."""

    number: int
    questions: tuple[OnboardingQuestion, ...]
    created_at: datetime


class AskedChoice(WireStruct, frozen=True):
    """A choice as members see it."""

    id: str
    label: str


class AskedQuestion(WireStruct, frozen=True):
    """A question of onboarding as members see it."""

    id: str
    kind: OnboardingKind
    label: str
    choices: tuple[AskedChoice, ...]


class ChosenPayload(WireStruct, frozen=True):
    """What was chosen of a question, by ids."""

    question: str
    choices: tuple[str, ...]


class MyOnboarding(WireStruct, frozen=True):
    """What the community asks of its members (version `number`, 0 for none), and what the user has `chosen` of which version (0 for none).

    When the two numbers differ there are new questions; what was chosen is kept until it is chosen anew.
    """

    number: int
    questions: tuple[AskedQuestion, ...]
    answered_number: int
    chosen: tuple[ChosenPayload, ...]


@durable_event("onboarding.changed")
class OnboardingUpdated(Event, frozen=True):
    """The community asks other questions of its members; they are not in the event."""

    number: int


@durable_event("onboarding.answered")
class OnboardingAnswered(Event, frozen=True):
    """On `user:<id>`: the user has answered this version of a community's questions."""

    community: UUID
    number: int


class ApplicationFormPayload(WireStruct, frozen=True):
    """A version of a community's form. Who was refused may apply again after `cool_down_days`. A closed one takes no applications."""

    id: UUID
    community: UUID
    number: int
    introduction: str
    questions: tuple[QuestionPayload, ...]
    cool_down_days: int
    created_at: datetime
    closed_at: datetime | None


class MyApplicationPayload(WireStruct, frozen=True):
    """An application as the applicant sees it: nothing of who reviews it. `reason` is what they are told with a decision."""

    id: UUID
    community: UUID
    form: int
    status: ApplicationStatus
    answers: tuple[AnswerPayload, ...]
    submitted_at: datetime
    decided_at: datetime | None
    reason: str


class ApplicationPayload(WireStruct, frozen=True):
    """An application as it stands in the queue of reviewers. `claimed_until` is null when nobody has taken it on, or no longer."""

    id: UUID
    community: UUID
    user: UserPayload
    form: int
    status: ApplicationStatus
    submitted_at: datetime
    claimed_by: UserPayload | None
    claimed_until: datetime | None
    decided_by: UserPayload | None
    decided_at: datetime | None
    reason: str


class VotePayload(WireStruct, frozen=True):
    """What a reviewer thinks of an application."""

    reviewer: UserPayload
    verdict: Verdict
    note: str
    voted_at: datetime


class ReviewedApplication(WireStruct, frozen=True):
    """All that a reviewer sees of an application: the questions of then, the answers, and the votes, oldest first."""

    application: ApplicationPayload
    questions: tuple[QuestionPayload, ...]
    answers: tuple[AnswerPayload, ...]
    votes: tuple[VotePayload, ...]


class DecisionOutcome(WireStruct, frozen=True):
    """What became of one of many decisions: `refused` is null where it was carried out, else the code of the error."""

    application: UUID
    refused: str | None


class DecisionOutcomes(WireStruct, frozen=True):
    """What became of many decisions, in the order in which they were asked for."""

    outcomes: tuple[DecisionOutcome, ...]


@durable_event("application.changed")
class ApplicationChanged(Event, frozen=True):
    """On `user:<id>`: the user's own application was submitted, withdrawn, approved or refused."""

    application: MyApplicationPayload


@durable_event("application.submitted")
class ApplicationSubmitted(Event, frozen=True):
    """On `applications:<community id>`: somebody has applied. The answers are not in the event."""

    application: ApplicationPayload


@durable_event("application.updated")
class ApplicationUpdated(Event, frozen=True):
    """On `applications:<community id>`: an application was claimed, released, decided or withdrawn."""

    application: ApplicationPayload


@durable_event("application.voted")
class ApplicationVoted(Event, frozen=True):
    """On `applications:<community id>`: a reviewer has said what they think."""

    application: UUID
    vote: VotePayload


@durable_event("application_form.changed")
class ApplicationFormChanged(Event, frozen=True):
    """On `applications:<community id>`: there is a new version of the form, or it was closed."""

    form: ApplicationFormPayload


class MyEntitlementPayload(WireStruct, frozen=True):
    """A right that a user has in a community from `starts_at` until `ends_at`, null for good, unless it was revoked."""

    id: UUID
    community: UUID
    key: str
    source: EntitlementSource
    starts_at: datetime
    ends_at: datetime | None
    revoked_at: datetime | None


class EntitlementPayload(MyEntitlementPayload, frozen=True):
    """The same with whose it is, who gave it and why, for who manages entitlements."""

    user: UserPayload
    granted_by: UserPayload | None
    reason: str


class TrialOfferPayload(WireStruct, frozen=True):
    """What whoever sees the community may have for some days, once."""

    id: UUID
    community: UUID
    key: str
    days: int


@durable_event("entitlement.changed")
class MyEntitlementChanged(Event, frozen=True):
    """On `user:<id>`: an entitlement of the user was granted or revoked, or has ended."""

    entitlement: MyEntitlementPayload


@durable_event("entitlement.granted")
class EntitlementGranted(Event, frozen=True):
    """On `entitlements:<community id>`: a user has a new entitlement, by hand, trial or purchase."""

    entitlement: EntitlementPayload


@durable_event("entitlement.revoked")
class EntitlementRevoked(Event, frozen=True):
    """On `entitlements:<community id>`: an entitlement was taken away before its end."""

    entitlement: EntitlementPayload


@durable_event("entitlement.ended")
class EntitlementEnded(Event, frozen=True):
    """On `entitlements:<community id>`: an entitlement is over. What it gave access to was closed at `ends_at`."""

    entitlement: EntitlementPayload


class RulesPayload(WireStruct, frozen=True):
    """A version of a community's rules. `summary` says what is new in it."""

    number: int
    text: str
    summary: str
    must_accept: bool
    created_at: datetime


class MyRules(WireStruct, frozen=True):
    """The newest rules, null where there are none, and how far the user has accepted them.

    Who has accepted less than `required_number` cannot write. 0 stands for none.
    """

    rules: RulesPayload | None
    required_number: int
    accepted_number: int


class RulesAcceptancePayload(WireStruct, frozen=True):
    """Who accepted a version of the rules, and when."""

    user: UserPayload
    number: int
    accepted_at: datetime


@durable_event("rules.changed")
class RulesChanged(Event, frozen=True):
    """There is a new version of the rules. The text is not in the event. With `must_accept` nobody writes before they have accepted it."""

    number: int
    summary: str
    must_accept: bool


@durable_event("rules.accepted")
class RulesAccepted(Event, frozen=True):
    """On `user:<id>`: the user has accepted this version of a community's rules."""

    community: UUID
    number: int


class LevelPayload(WireStruct, frozen=True):
    """How far a member has come in a community, from 0."""

    community: UUID
    user: UUID
    level: int


@durable_event("level.changed")
class LevelChanged(Event, frozen=True):
    """On `user:<id>`: the user has another level in a community."""

    community: UUID
    level: int


class GateVersionPayload(WireStruct, frozen=True):
    """A version of a gate, for who may change it. A null `tree` lets everybody in; `is_live` says whether it decides now.

    `grace` gives seconds by requirement type, counted from `created_at`.
    """

    id: UUID
    number: int
    mode: GateMode
    tree: dict[str, Any] | None
    reason: str
    author: UserPayload | None
    created_at: datetime
    grace: dict[str, int]
    grandfathered_until: datetime | None
    is_live: bool


class RequirementParameter(WireStruct, frozen=True):
    """What a requirement is told in a tree. One of kind "role" is the id of a role of the community."""

    name: str
    kind: ParameterKind
    minimum: int | None = None
    maximum: int | None = None


class RequirementPayload(WireStruct, frozen=True):
    """A requirement that a gate can ask for. Where `is_known` is false nothing tells its facts here, so nobody would pass it."""

    type: str
    about: str
    parameters: tuple[RequirementParameter, ...]
    is_known: bool


class GateVocabulary(WireStruct, frozen=True):
    """What gates can be made of, beside `all`, `any`, `at_least` and `not`, and how large they may be."""

    requirements: tuple[RequirementPayload, ...]
    max_depth: int
    max_requirements: int
    max_grace_days: int


class ExternalServicePayload(WireStruct, frozen=True):
    """A service outside that gates of the community may ask by its name, for who manages gates.

    Its answers count for what they say, but for `min_seconds` at least and `max_seconds` at most. `failures` counts how
    often in a row there was none, `last_failure` says why in a word; after some the service is left alone until `paused_until`.
    """

    id: UUID
    community: UUID
    name: str
    url: str
    min_seconds: int
    max_seconds: int
    failures: int
    last_failure: str
    paused_until: datetime | None
    former_secret_until: datetime | None
    created_at: datetime


class ExternalServiceWithSecret(ExternalServicePayload, frozen=True):
    """A service with the secret that questions to it are signed with, which is shown this once."""

    secret: str


class GatePayload(WireStruct, frozen=True):
    """The gate of a thing: the version that decides, and the one that is only compared with it."""

    live: GateVersionPayload | None
    shadow: GateVersionPayload | None


class GateComparison(WireStruct, frozen=True):
    """Who would gain and who would lose access if other gates held: how many, and the first of them by name.

    `members` is how many were looked at: the current members of the community.
    """

    members: int
    gains: int
    loses: int
    gaining: tuple[UserPayload, ...]
    losing: tuple[UserPayload, ...]


class ShadowDifferencePayload(WireStruct, frozen=True):
    """That a version in the shadow decided differently about a member when they were last looked at on a day.

    With `would_pass` it would have let them in, and they were out; else they were in.
    """

    user: UserPayload
    would_pass: bool
    noted_at: datetime


class ShadowReport(GateComparison, frozen=True):
    """Who would gain and lose now if the version in the shadow were live, and the newest of what was noted while it was there.

    `noted` is how often members were noted, at most once a day for each.
    """

    noted: int
    differences: tuple[ShadowDifferencePayload, ...]


class GateExplanation(WireStruct, frozen=True):
    """A part of a gate as one person sees it. `passed` is null when it is not known, which does not let in.

    `until` is the moment before which time alone changes nothing; `of` holds the branches of `all`, `any`, `at_least` and `not`.
    """

    type: str
    passed: bool | None
    text: str
    remedy: Remedy | None
    until: datetime | None
    of: tuple[GateExplanation, ...]


class GateStanding(WireStruct, frozen=True):
    """How somebody stands before a thing: whether they pass all of its gates, until when that stands by time alone, and why.

    The gates come in their order, that of the community first. `missing` is what keeps them out, each with what to do next: to be a
    member, for who is none, and then what the gates ask for, each kind once.
    """

    passed: bool
    until: datetime | None
    missing: tuple[Missing, ...]
    gates: tuple[GateExplanation, ...]


@durable_event("gate.changed")
class GateChanged(Event, frozen=True):
    """Another version of the gate of a thing decides now. What is in it is not told."""

    kind: str
    resource: UUID
