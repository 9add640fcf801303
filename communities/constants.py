"""Roles, statuses, permissions and limits of a community. Which role grants what is here; how it is decided is in `access`."""

from __future__ import annotations

from enum import StrEnum

from accounts.constants import StaffRole

MAX_NAME_LENGTH = 80
MAX_DESCRIPTION_LENGTH = 500
MAX_INVITE_CODE_LENGTH = 64
MAX_INTRODUCTION_LENGTH = 2_000
MAX_QUESTIONS = 20
MAX_LABEL_LENGTH = 200
MAX_CHOICES = 20
MAX_CHOICE_LENGTH = 100
MAX_ANSWER_LENGTH = 2_000
MAX_REASON_LENGTH = 500
MAX_COOL_DOWN_DAYS = 365
COOL_DOWN_DAYS = 7
"""How long somebody who was refused waits before they apply again, unless the form says otherwise."""
BULK_DECISIONS_MAX = 50
MAX_ENTITLEMENT_KEY_LENGTH = 60
ENTITLEMENT_KEY_PATTERN = r"[a-z0-9._-]{1,60}"
ENTITLEMENTS_MAX = 100
"""Entitlements that a user has or will have in one community; what was paid for is not counted out."""
TRIAL_OFFERS_MAX = 20
MAX_TRIAL_DAYS = 365
ENDS_TOLD_AT_ONCE = 200
"""Ends of entitlements that are told in one transaction, which holds its community's lock."""
MIN_SLUG_LENGTH = 3
MAX_SLUG_LENGTH = 40
SLUG_PATTERN = r"\A[a-z0-9]+(-[a-z0-9]+)*\Z"


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


class Role(StrEnum):
    """What a member is in a community; every role may do all that a lower one may."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"

    @property
    def rank(self) -> int:
        """The role's place in the order: a higher rank may act on a lower one."""
        return _RANKS[self]

    def outranks(self, other: Role) -> bool:
        """Return whether this role may act on a member of the `other` role; equals may not."""
        return self.rank > other.rank


_RANKS = {Role.MEMBER: 1, Role.MODERATOR: 2, Role.OWNER: 3}


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


CURRENT_STATUSES = (MembershipStatus.ACTIVE, MembershipStatus.TIMED_OUT)


class Permission(StrEnum):
    """What can be asked of `decide`. Room and message permissions are asked by chat of a room's resource."""

    VIEW_CARD = "community.view_card"
    VIEW_COMMUNITY = "community.view"
    MANAGE_COMMUNITY = "community.manage"
    LIST_MEMBERS = "member.list"
    ADD_MEMBER = "member.add"
    REMOVE_MEMBER = "member.remove"
    BAN_MEMBER = "member.ban"
    TIME_OUT_MEMBER = "member.time_out"
    CHANGE_ROLE = "member.change_role"
    CREATE_INVITE = "invite.create"
    MANAGE_INVITES = "invite.manage"
    REVIEW_APPLICATIONS = "application.review"
    MANAGE_ENTITLEMENTS = "entitlement.manage"
    VIEW_ROOM = "room.view"
    CREATE_ROOM = "room.create"
    OPEN_DIRECT_ROOM = "room.open_direct"
    MANAGE_ROOM = "room.manage"
    MODERATE_ROOM = "room.moderate"
    READ_MESSAGES = "message.read"
    SEND_MESSAGE = "message.send"
    DELETE_ANY_MESSAGE = "message.delete_any"


READING_PERMISSIONS = frozenset(
    {
        Permission.VIEW_CARD,
        Permission.VIEW_COMMUNITY,
        Permission.LIST_MEMBERS,
        Permission.VIEW_ROOM,
        Permission.READ_MESSAGES,
    }
)

LOWEST_ROLE: dict[Permission, Role] = {
    Permission.VIEW_CARD: Role.MEMBER,
    Permission.VIEW_COMMUNITY: Role.MEMBER,
    Permission.LIST_MEMBERS: Role.MEMBER,
    Permission.VIEW_ROOM: Role.MEMBER,
    Permission.OPEN_DIRECT_ROOM: Role.MEMBER,
    Permission.READ_MESSAGES: Role.MEMBER,
    Permission.SEND_MESSAGE: Role.MEMBER,
    Permission.ADD_MEMBER: Role.MODERATOR,
    Permission.REMOVE_MEMBER: Role.MODERATOR,
    Permission.BAN_MEMBER: Role.MODERATOR,
    Permission.TIME_OUT_MEMBER: Role.MODERATOR,
    Permission.CREATE_INVITE: Role.MODERATOR,
    Permission.MANAGE_INVITES: Role.MODERATOR,
    Permission.REVIEW_APPLICATIONS: Role.MODERATOR,
    Permission.CREATE_ROOM: Role.MODERATOR,
    Permission.MANAGE_ROOM: Role.MODERATOR,
    Permission.MODERATE_ROOM: Role.MODERATOR,
    Permission.DELETE_ANY_MESSAGE: Role.MODERATOR,
    Permission.MANAGE_COMMUNITY: Role.OWNER,
    Permission.MANAGE_ENTITLEMENTS: Role.OWNER,
    Permission.CHANGE_ROLE: Role.OWNER,
}

_LOOK = frozenset(
    {
        "communities.view_community",
        "communities.view_membership",
        "communities.view_invite",
        "communities.view_application",
        "communities.view_entitlement",
    }
)
_MODERATE = _LOOK | {"communities.change_membership"}

STAFF_PERMISSIONS = {
    StaffRole.SUPPORT: _LOOK,
    StaffRole.MODERATOR: _MODERATE,
    StaffRole.TRUST_AND_SAFETY: _MODERATE,
}
"""What the operator's own staff may do with communities in the admin panel; no member is given anything by it."""
