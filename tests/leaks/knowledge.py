"""Who stands how towards the communities, and what each of them may know of one. Everything else must not reach them."""

from __future__ import annotations

from communities.constants import CommunityVisibility

OWNER, PARTICIPANT, MEMBER, TIMED_OUT, PUT_OUT = "owner", "participant", "member", "timed_out", "put_out"
GUEST, DENIED = "guest", "denied"
"""Inside: the participant takes part in the private room and in the conversation, from the open room one was put out. The guest was
added to the private room, and reaches nothing else. An overwrite denies the open room to the denied."""
INSIDE = frozenset({OWNER, PARTICIPANT, MEMBER, TIMED_OUT, PUT_OUT, GUEST, DENIED})
"""They know that the community is there, and may be told why they are refused."""
NEVER, APPLICANT, FORMER, REMOVED, BANNED = "never", "applicant", "former", "removed", "banned"
ANONYMOUS, INACTIVE, SCOPELESS = "anonymous", "inactive", "scopeless"
"""Without a proof, with that of a closed account (a member), and with a key (of a member) that has no scope for communities."""
STATES = (
    OWNER,
    PARTICIPANT,
    MEMBER,
    TIMED_OUT,
    PUT_OUT,
    GUEST,
    DENIED,
    NEVER,
    APPLICANT,
    FORMER,
    REMOVED,
    BANNED,
    ANONYMOUS,
    INACTIVE,
    SCOPELESS,
)
REFUSED_AT_THE_DOOR = frozenset({ANONYMOUS, INACTIVE, SCOPELESS})
"""What they are told depends on nothing that is behind the door."""

CARD = "card"
"""The community's name, slug and description, its application form and its trials."""
BELONGING = "belonging"
"""That one is in the community, with all that is everybody's own there: a list of rooms that shows those that one reaches."""
INNER = "inner"
"""That it has members, who they are, its roles and headings: whoever is inside."""
HALL, CABIN, DIRECT = "hall", "cabin", "direct"
"""The room for all members, the private one and the conversation of two, each with its messages."""
INVITES, APPLICATIONS, ENTITLEMENTS, SERVICES = "invites", "applications", "entitlements", "services"
"""For who manages them."""
ROOMS = (HALL, CABIN, DIRECT)
KINDS = (CARD, BELONGING, INNER, *ROOMS, INVITES, APPLICATIONS, ENTITLEMENTS, SERVICES)

_MEMBERS = {CARD, BELONGING, INNER, HALL}
_KNOWN = {
    OWNER: set(KINDS),
    PARTICIPANT: _MEMBERS | {CABIN, DIRECT},
    MEMBER: _MEMBERS,
    TIMED_OUT: _MEMBERS,
    PUT_OUT: _MEMBERS - {HALL},
    DENIED: _MEMBERS - {HALL},
    GUEST: {CARD, BELONGING, CABIN},
}
_SEES_CARDS = frozenset({NEVER, APPLICANT, FORMER, REMOVED})
_WAS_TOLD_OF = {
    PUT_OUT: {HALL},
    DENIED: {HALL},
    APPLICANT: {CARD},
    FORMER: {CARD},
    REMOVED: {CARD},
    BANNED: {CARD},
    INACTIVE: {CARD},
    SCOPELESS: {CARD},
}


def known_to(state: str, visibility: CommunityVisibility) -> set[str]:
    """Return the kinds of things of a community that somebody may know."""
    if state in _SEES_CARDS and visibility is not CommunityVisibility.SECRET:
        return {CARD}
    return set(_KNOWN.get(state, ()))


def was_told_of(state: str) -> set[str]:
    """Return the kinds of things whose bare ids somebody has, as from the day when they were sent away."""
    return _WAS_TOLD_OF.get(state, set())
