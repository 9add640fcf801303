"""Statuses, permissions and limits of a community. What permissions there are is here; how it is decided who has one is in `access`."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from accounts.constants import StaffRole

MAX_NAME_LENGTH = 80
MAX_DESCRIPTION_LENGTH = 500
MAX_INVITE_CODE_LENGTH = 64
MAX_PLACE_KIND_LENGTH = 20
ROOM_PLACE = "room"
"""The kind of place that invites for guests lead into. What a room is, is chat's to say."""
MAX_INTRODUCTION_LENGTH = 2_000
MAX_QUESTIONS = 20
MAX_LABEL_LENGTH = 200
MAX_CHOICES = 20
MAX_CHOICE_LENGTH = 100
MAX_ANSWER_LENGTH = 2_000
MAX_REASON_LENGTH = 500
ONBOARDING_QUESTIONS_MAX = 10
ONBOARDING_GIFTS_MAX = 5
"""Roles that a choice gives, and rooms."""
MAX_COOL_DOWN_DAYS = 365
COOL_DOWN_DAYS = 7
"""How long somebody who was refused waits before they apply again, unless the form says otherwise."""
BULK_DECISIONS_MAX = 50
MAX_RULES_LENGTH = 20_000
MAX_SUMMARY_LENGTH = 500
MAX_ENTITLEMENT_KEY_LENGTH = 60
ENTITLEMENT_KEY_PATTERN = r"[a-z0-9._-]{1,60}"
ENTITLEMENTS_MAX = 100
"""Entitlements that a user has or will have in one community; what was paid for is not counted out."""
TRIAL_OFFERS_MAX = 20
MAX_TRIAL_DAYS = 365
ENDS_TOLD_AT_ONCE = 200
"""Ends of entitlements that are told in one transaction, which holds its community's lock."""
MAX_GATE_REASON_LENGTH = 500
MAX_LEVEL = 1_000
MAX_SERVICE_NAME_LENGTH = 40
SERVICE_NAME_PATTERN = r"[a-z0-9-]{1,40}"
MAX_SERVICE_URL_LENGTH = 500
MAX_SEALED_SECRET_LENGTH = 300
MAX_FAILURE_LENGTH = 40
SERVICE_ANSWER_BYTES = 4_096
FORMER_SECRET_HOURS = 24
"""How long questions are signed with the former secret, too, when a service has got a new one."""
QUESTION_PAUSES_SECONDS = (5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900)
"""Pauses before a question that had no answer is put again; after the last one it waits for somebody to ask for it."""
FAILURES_BEFORE_PAUSE = 3
"""Batches in a row to which a service has no answer; then it is left alone for a while, and asked one question after that."""
SERVICE_PAUSES_SECONDS = (30, 60, 120, 240, 480, 900)
REFRESHED_BEFORE_END = 0.2
"""The part of an answer's lifetime that is left when it is asked for anew."""
MAX_GRACE_DAYS = 365
NAMED_IN_COMPARISONS = 50
MEMBERS_COMPARED_AT_ONCE = 5_000
"""In a community with more members a new version of a gate is spread by jobs."""
MEMBERS_AT_ONCE = 500
"""How many members' access changes in one transaction."""
MIN_SLUG_LENGTH = 3
MAX_SLUG_LENGTH = 40
MAX_ROLE_NAME_LENGTH = 40
MAX_PERMISSION_LENGTH = 40
COLOUR_PATTERN = r"\A(#[0-9a-f]{6})?\Z"
SLUG_PATTERN = r"\A[a-z0-9]+(-[a-z0-9]+)*\Z"


COMMUNITY_TOPIC = "community"
APPLICATIONS_TOPIC = "applications"
"""The kind of the topic `applications:<community id>`, for who reviews applications."""
ENTITLEMENTS_TOPIC = "entitlements"
"""The kind of the topic `entitlements:<community id>`, for who manages entitlements."""
INVITES_TOPIC = "invites"
"""The kind of the topic `invites:<community id>`, for who manages invites."""


class JoinPolicy(StrEnum):
    """Whether anyone may join by themselves (`open`) or members are added (`closed`)."""

    OPEN = "open"
    CLOSED = "closed"


class CommunityVisibility(StrEnum):
    """Who finds a community: everybody in the list (`listed`), who has its address (`unlisted`), or members and the invited (`secret`)."""

    LISTED = "listed"
    UNLISTED = "unlisted"
    SECRET = "secret"  # noqa: S105  # no password


class MembershipStatus(StrEnum):
    """Where a membership stands. `timed_out` ends by time alone: read it together with `timed_out_until`."""

    APPLIED = "applied"
    ACTIVE = "active"
    TIMED_OUT = "timed_out"
    REMOVED = "removed"
    BANNED = "banned"


class ApplicationStatus(StrEnum):
    """What became of an application. Only a pending one changes."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a reviewer thinks of an application, or decides."""

    APPROVE = "approve"
    REFUSE = "refuse"


class EntitlementSource(StrEnum):
    """Where an entitlement comes from: given by hand, tried once, or bought."""

    GRANT = "grant"
    TRIAL = "trial"
    PURCHASE = "purchase"


class QuestionKind(StrEnum):
    """How a question is answered: by a text, one of its choices, or yes or no."""

    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes_no"


class OnboardingKind(StrEnum):
    """How many choices a question of onboarding takes: one, or any number."""

    ONE = "choice"
    SEVERAL = "choices"


class GateMode(StrEnum):
    """Whether a version of a gate decides (`live`), or is only compared with the one that does (`shadow`)."""

    LIVE = "live"
    SHADOW = "shadow"


class ParameterKind(StrEnum):
    """What a parameter of a requirement is: a number, a word, or the id of a role of the community."""

    INTEGER = "integer"
    TEXT = "text"
    ROLE = "role"


CURRENT_STATUSES = (MembershipStatus.ACTIVE, MembershipStatus.TIMED_OUT)


class PermissionName(StrEnum):
    """What every app's enumeration of permissions is: what can be asked of `decide`."""


class Permission(PermissionName):
    """What communities ask. What is asked of rooms and messages is chat's."""

    VIEW_CARD = "community.view_card"
    BELONG = "community.belong"
    VIEW_COMMUNITY = "community.view"
    MANAGE_COMMUNITY = "community.manage"
    TRANSFER_OWNERSHIP = "community.transfer"
    LIST_MEMBERS = "member.list"
    ADD_MEMBER = "member.add"
    REMOVE_MEMBER = "member.remove"
    BAN_MEMBER = "member.ban"
    TIME_OUT_MEMBER = "member.time_out"
    CREATE_INVITE = "invite.create"
    MANAGE_INVITES = "invite.manage"
    REVIEW_APPLICATIONS = "application.review"
    MANAGE_ENTITLEMENTS = "entitlement.manage"
    SET_LEVEL = "level.set"
    GIVE_ROLE = "role.give"
    MANAGE_ROLES = "role.manage"
    MANAGE_GATES = "gate.manage"


class Holder(StrEnum):
    """Who has a permission: every member, those whose roles say so, or the owner alone."""

    MEMBERS = "members"
    ROLES = "roles"
    OWNER = "owner"


class StartingRole(StrEnum):
    """The roles that a community begins with, from the lowest: the one that every member has, and one to moderate with."""

    MEMBER = "Member"
    MODERATOR = "Moderator"


class PermissionRule(msgspec.Struct, frozen=True, kw_only=True):
    """How a permission comes to members. One that a role gives can be given or denied anew in things of kind `overwritten_in`.

    `starts_in` is the lowest starting role that has it, None for neither. `reads`: a time-out does not take it. `for_guests`: a guest
    has it in the community itself, where guests have nothing else. `after_acceptance`: nobody uses it who owes acceptance of the rules.
    """

    name: PermissionName
    about: str
    holder: Holder = Holder.ROLES
    starts_in: StartingRole | None = None
    overwritten_in: str | None = None
    reads: bool = False
    for_guests: bool = False
    after_acceptance: bool = False


PERMISSION_RULES = (
    PermissionRule(
        name=Permission.VIEW_CARD,
        about="See the card of the community",
        holder=Holder.MEMBERS,
        reads=True,
        for_guests=True,
    ),
    PermissionRule(
        name=Permission.BELONG,
        about="Count as a member, and leave",
        holder=Holder.MEMBERS,
        reads=True,
        for_guests=True,
    ),
    PermissionRule(
        name=Permission.VIEW_COMMUNITY,
        about="Follow what happens in the community",
        holder=Holder.MEMBERS,
        reads=True,
    ),
    PermissionRule(name=Permission.MANAGE_COMMUNITY, about="Change the name, address and settings of the community"),
    PermissionRule(
        name=Permission.TRANSFER_OWNERSHIP,
        about="Make somebody else the owner",
        holder=Holder.OWNER,
    ),
    PermissionRule(
        name=Permission.LIST_MEMBERS,
        about="See who is a member, and their roles",
        starts_in=StartingRole.MEMBER,
        reads=True,
    ),
    PermissionRule(name=Permission.ADD_MEMBER, about="Add members", starts_in=StartingRole.MODERATOR),
    PermissionRule(name=Permission.REMOVE_MEMBER, about="Remove members", starts_in=StartingRole.MODERATOR),
    PermissionRule(name=Permission.BAN_MEMBER, about="Ban members, and lift bans", starts_in=StartingRole.MODERATOR),
    PermissionRule(name=Permission.TIME_OUT_MEMBER, about="Time members out", starts_in=StartingRole.MODERATOR),
    PermissionRule(name=Permission.CREATE_INVITE, about="Make invites", starts_in=StartingRole.MODERATOR),
    PermissionRule(
        name=Permission.MANAGE_INVITES,
        about="See and revoke the invites of others",
        starts_in=StartingRole.MODERATOR,
    ),
    PermissionRule(
        name=Permission.REVIEW_APPLICATIONS,
        about="Review applications",
        starts_in=StartingRole.MODERATOR,
    ),
    PermissionRule(name=Permission.MANAGE_ENTITLEMENTS, about="Give members entitlements, and end them"),
    PermissionRule(name=Permission.SET_LEVEL, about="Set the levels of members"),
    PermissionRule(name=Permission.GIVE_ROLE, about="Give members roles below their own highest, and take them away"),
    PermissionRule(name=Permission.MANAGE_ROLES, about="Make, change and delete roles below their own highest"),
    PermissionRule(
        name=Permission.MANAGE_GATES,
        about="Change the gates of the community and of its rooms, and see who passes them",
    ),
)

_LOOK = frozenset(
    {
        "communities.view_community",
        "communities.view_membership",
        "communities.view_role",
        "communities.view_invite",
        "communities.view_onboardingversion",
        "communities.view_application",
        "communities.view_entitlement",
        "communities.view_gate",
        "communities.view_gateversion",
        "communities.view_externalservice",
        "communities.view_memberlevel",
    }
)
_MODERATE = _LOOK | {"communities.change_membership"}

STAFF_PERMISSIONS = {
    StaffRole.SUPPORT: _LOOK,
    StaffRole.MODERATOR: _MODERATE,
    StaffRole.TRUST_AND_SAFETY: _MODERATE,
}
"""What the operator's own staff may do with communities in the admin panel; no member is given anything by it."""
