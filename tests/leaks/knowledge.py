"""Who stands how towards the communities, and what each of them may know of one. Everything else must not reach them."""

from __future__ import annotations

from communities.constants import CommunityVisibility

OWNER, PARTICIPANT, MEMBER, TIMED_OUT, PUT_OUT = "owner", "participant", "member", "timed_out", "put_out"
GUEST, DENIED, BOT = "guest", "denied", "bot"
"""Inside: the participant takes part in the private room and in the conversation; from the open room one was put out, who has also left the
private one. The guest was added to the private room, and reaches nothing else. An overwrite denies the open room to the denied. The bot
is a member, with a key for everything."""
PASSING = "passing"
"""Has the role that the gates ask for; the owner and who is timed out have the entitlement. The other members never passed a gate."""
UNENTITLED, EXPIRED, DEMOTED, PHONELESS, SHUT_OUT = "unentitled", "expired", "demoted", "phoneless", "shut_out"
LOWERED, DISOWNED = "lowered", "disowned"
LOST = frozenset({UNENTITLED, EXPIRED, DEMOTED, PHONELESS, SHUT_OUT, LOWERED, DISOWNED})
"""Passed the gates once: by an entitlement that was revoked, by one that time has ended and nobody has looked at since, by a role, by a
verified number, by an invite, which a later version of the gates does not ask for any more, by a level, or by the word of a service
outside, which has taken it back."""
INSIDE = frozenset({OWNER, PARTICIPANT, MEMBER, TIMED_OUT, PUT_OUT, GUEST, DENIED, BOT, PASSING}) | LOST
"""They know that the community is there, and may be told why they are refused."""
NEVER, APPLICANT, FORMER, REMOVED, BANNED = "never", "applicant", "former", "removed", "banned"
"""Outside. The applicant and the banned have the entitlement. Who holds an invite and nothing else is `NEVER` with its code."""
ANONYMOUS, INACTIVE, SCOPELESS = "anonymous", "inactive", "scopeless"
"""Without a proof, with that of a closed account (a member), and with a key (of a member) that has no scope for communities."""
STATES = (
    *(OWNER, PARTICIPANT, MEMBER, TIMED_OUT, PUT_OUT, GUEST, DENIED, BOT, PASSING),
    *(UNENTITLED, EXPIRED, DEMOTED, PHONELESS, SHUT_OUT, LOWERED, DISOWNED),
    *(NEVER, APPLICANT, FORMER, REMOVED, BANNED, ANONYMOUS, INACTIVE, SCOPELESS),
)
REFUSED_AT_THE_DOOR = frozenset({ANONYMOUS, INACTIVE, SCOPELESS})
"""What they are told depends on nothing that is behind the door."""
NOT_THERE_YET = {"blocked": "there are no blocks between users: who adds them adds the state here, and to the world"}
"""States of the design that the product does not have."""

CARD = "card"
"""The community's name, slug and description, its application form and its trials."""
BELONGING = "belonging"
"""That one is in the community, with all that is everybody's own there: a list of rooms that shows those that one reaches."""
INNER = "inner"
"""That it has members, who they are, its roles and headings: whoever is inside, and passes the community's gate."""
BADGE = "badge"
"""The id of the role that gates ask for: known like the other roles, and to who had it."""
HALL, CABIN, DIRECT, VAULT = "hall", "cabin", "direct", "vault"
"""The room for all members, the private one, the conversation of two, and one with a gate of its own, each with its messages."""
INVITES, APPLICATIONS, ENTITLEMENTS, SERVICES = "invites", "applications", "entitlements", "services"
"""For who manages them."""
ROOMS = (HALL, CABIN, DIRECT, VAULT)
KINDS = (CARD, BELONGING, INNER, BADGE, *ROOMS, INVITES, APPLICATIONS, ENTITLEMENTS, SERVICES)

_MEMBERS = {CARD, BELONGING, INNER, BADGE, HALL}
_PASSING_GATES = frozenset({OWNER, PASSING, TIMED_OUT})
_KNOWN = {
    OWNER: set(KINDS),
    PARTICIPANT: _MEMBERS | {CABIN, DIRECT},
    TIMED_OUT: _MEMBERS | {VAULT},
    PASSING: _MEMBERS | {VAULT},
    PUT_OUT: _MEMBERS - {HALL},
    DENIED: _MEMBERS - {HALL},
    GUEST: {CARD, BELONGING, CABIN},
} | dict.fromkeys((MEMBER, BOT, *LOST), _MEMBERS)
_SEES_CARDS = frozenset({NEVER, APPLICANT, FORMER, REMOVED})
_WAS_TOLD_OF = {
    PUT_OUT: {HALL, CABIN},
    DENIED: {HALL},
    APPLICANT: {CARD},
    FORMER: {CARD},
    REMOVED: {CARD},
    BANNED: {CARD},
    INACTIVE: {CARD},
    SCOPELESS: {CARD},
    PARTICIPANT: {CABIN, DIRECT},
    GUEST: {CABIN},
    DEMOTED: {BADGE},
}


def known_to(state: str, visibility: CommunityVisibility, *, is_gated: bool) -> set[str]:
    """Return the kinds of things of a community that somebody may know; `is_gated` when there is a gate before the community itself."""
    if state in _SEES_CARDS and visibility is not CommunityVisibility.SECRET:
        return {CARD}
    known = set(_KNOWN.get(state, ()))
    return known & {CARD, BELONGING} if is_gated and state not in _PASSING_GATES else known


def was_told_of(state: str) -> set[str]:
    """Return the kinds of things whose bare ids somebody has, as from the day when they were sent away."""
    return _WAS_TOLD_OF.get(state, set())
