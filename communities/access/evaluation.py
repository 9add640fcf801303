"""The rules, pure: facts in, decision out. Nothing is loaded here and no clock is read.

The order is fixed: authentication, account, ban and time-out, membership, gates, acceptance of rules, permissions of roles with the
overwrites of the thing, then participation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import UNSET

from communities.access.facts import Facts, MembershipFacts, Participation
from communities.access.grants import holds, is_only_reading, is_taken_by_overwrite, waits_for_rules
from communities.access.resources import COMMUNITY_KIND, Resource
from communities.constants import CURRENT_STATUSES, MembershipStatus, Permission, PermissionName
from communities.gates.facts import GateFacts
from communities.gates.verdicts import PASSED, Verdict, combine
from kernel.decision import Decision, Missing, Remedy
from kernel.errors import Forbidden, NotFound, Unauthenticated


class _Refusal(msgspec.Struct, frozen=True):
    """Why a check refused, before it is known what the actor may be told."""

    code: str
    missing: tuple[Missing, ...] = ()
    remedy: Remedy | None = None
    expires_at: datetime | None = None


_DENIED = Remedy(text="You may do this elsewhere, but not here. Ask who manages this place.")
_ASK = Remedy(text="Ask a moderator of the community to add you.")
_Check = Callable[[Facts, PermissionName, Resource], _Refusal | None]


def evaluate(facts: Facts, permission: PermissionName, resource: Resource) -> Decision:
    """Return whether `permission` on `resource` follows from `facts`; what is unknown counts as not passed."""
    membership = _membership(facts)
    epoch = membership.access_epoch if membership else 0
    verdict = PASSED if is_outside_of_gates(permission, membership) else judge_gates(facts, resource)
    refusal = (
        _first_of(_BEFORE_GATES, facts, permission, resource)
        or _check_gates(facts, verdict, resource)
        or _first_of(_BEHIND_GATES, facts, permission, resource)
    )
    if refusal is None:
        return Decision(allowed=True, epoch=epoch, expires_at=verdict.until)
    return Decision(
        allowed=False,
        code=refusal.code,
        visible=_may_know_of(facts, resource),
        missing=refusal.missing,
        remedy=refusal.remedy,
        epoch=epoch,
        expires_at=refusal.expires_at,
    )


def judge_gates(facts: Facts, resource: Resource) -> Verdict:
    """Return whether the facts pass all gates of the resource, and until when that stands."""
    if not resource.gates:
        return PASSED
    known = GateFacts(facts.at, facts.known)
    if len(resource.gates) == 1:
        return resource.gates[0].condition(known)
    return combine(len(resource.gates), [gate.condition(known) for gate in resource.gates])


def is_outside_of_gates(permission: PermissionName, membership: MembershipFacts | None) -> bool:
    """Return whether no gate stands before the permission: the card and leaving, and for the owner what opens the gate again."""
    if permission in _OUTSIDE_OF_GATES:
        return True
    return permission is Permission.MANAGE_GATES and membership is not None and membership.is_owner


def _first_of(
    checks: tuple[_Check, ...], facts: Facts, permission: PermissionName, resource: Resource
) -> _Refusal | None:
    for check in checks:
        refusal = check(facts, permission, resource)
        if refusal is not None:
            return refusal
    return None


def _check_gates(facts: Facts, verdict: Verdict, resource: Resource) -> _Refusal | None:
    if verdict.passed is True:
        return None
    known = GateFacts(facts.at, facts.known)
    missing = tuple(
        one
        for gate in resource.gates
        if gate.condition(known).passed is not True
        for one in gate.missing(known, resource.community_id)
    )
    remedies = [one.remedy for one in missing if one.remedy is not None]
    return _Refusal("gate.closed", missing, remedies[0] if remedies else None, verdict.until)


def _check_authentication(facts: Facts, _permission: PermissionName, _resource: Resource) -> _Refusal | None:
    if facts.signed_in:
        return None
    remedy = Remedy(text=Unauthenticated.message, route="/api/v1/auth/login")
    return _Refusal(Unauthenticated.code, (Missing(requirement="authentication", remedy=remedy),), remedy)


def _check_account(facts: Facts, _permission: PermissionName, _resource: Resource) -> _Refusal | None:
    return None if facts.account_active is True else _Refusal("account.inactive")


def _check_ban(facts: Facts, _permission: PermissionName, _resource: Resource) -> _Refusal | None:
    if facts.membership is UNSET:
        return _Refusal("membership.unknown")
    membership = _membership(facts)
    if membership is not None and membership.status is MembershipStatus.BANNED:
        return _Refusal("membership.banned")
    return None


def _check_time_out(facts: Facts, permission: PermissionName, _resource: Resource) -> _Refusal | None:
    if is_only_reading(permission) or not _is_timed_out(facts):
        return None
    membership = _membership(facts)
    ends = membership.timed_out_until if membership else None
    return _Refusal(
        "membership.timed_out",
        remedy=Remedy(text="You are timed out here: you can read, and write again when the time-out ends."),
        expires_at=ends,
    )


def _check_membership(facts: Facts, permission: PermissionName, resource: Resource) -> _Refusal | None:
    if _is_member(facts) or (permission is Permission.VIEW_CARD and resource.visibility == "public"):
        return None
    remedy = _ASK
    if resource.visibility == "public":
        remedy = Remedy(text="Join this community first.", route=f"/api/v1/communities/{resource.community_id}/join")
    return _Refusal("membership.required", (Missing(requirement="membership", remedy=remedy),), remedy)


def _check_rules(facts: Facts, permission: PermissionName, resource: Resource) -> _Refusal | None:
    membership = _membership(facts)
    if membership is None or not membership.owes_rules or not waits_for_rules(permission):
        return None
    remedy = Remedy(
        text="Read and accept the rules of this community first.",
        route=f"/api/v1/communities/{resource.community_id}/rules/accept",
    )
    return _Refusal("rules.not_accepted", (Missing(requirement="rules", remedy=remedy),), remedy)


def _check_permission(facts: Facts, permission: PermissionName, resource: Resource) -> _Refusal | None:
    """Nobody who is not a member gets this far, but for the public card."""
    membership = _membership(facts)
    if not _is_member(facts) or membership is None or holds(membership, permission, resource):
        return None
    if is_taken_by_overwrite(membership, permission, resource):
        return _Refusal("overwrite.denied", (Missing(requirement="overwrite", remedy=_DENIED),), _DENIED)
    return _Refusal(Forbidden.code, (Missing(requirement="permission"),))


def _check_participation(facts: Facts, _permission: PermissionName, resource: Resource) -> _Refusal | None:
    if _participates(facts, resource):
        return None
    if facts.participation is Participation.REMOVED:
        return _Refusal("participation.removed", (Missing(requirement="participation", remedy=_ASK),), _ASK)
    return _Refusal(NotFound.code)


_BEFORE_GATES: tuple[_Check, ...] = (
    _check_authentication,
    _check_account,
    _check_ban,
    _check_time_out,
    _check_membership,
)
_BEHIND_GATES: tuple[_Check, ...] = (_check_rules, _check_permission, _check_participation)
_OUTSIDE_OF_GATES = frozenset({Permission.VIEW_CARD, Permission.BELONG})


def _membership(facts: Facts) -> MembershipFacts | None:
    return None if facts.membership is UNSET else facts.membership


def _is_member(facts: Facts) -> bool:
    membership = _membership(facts)
    return membership is not None and membership.status in CURRENT_STATUSES


def _is_timed_out(facts: Facts) -> bool:
    """A time-out without a known end holds."""
    membership = _membership(facts)
    if membership is None or membership.status is not MembershipStatus.TIMED_OUT:
        return False
    return membership.timed_out_until is None or facts.at < membership.timed_out_until


def _participates(facts: Facts, resource: Resource) -> bool:
    """Guests are in what they were added to, and in nothing else."""
    if resource.kind == COMMUNITY_KIND:
        return True
    membership = _membership(facts)
    if resource.visibility == "private" or (membership is not None and membership.is_guest):
        return facts.participation is Participation.MEMBER
    return facts.participation in (None, Participation.MEMBER)


def _is_shown(facts: Facts, resource: Resource) -> bool:
    membership = _membership(facts)
    return membership is not None and (resource.shown_by is None or holds(membership, resource.shown_by, resource))


def _may_know_of(facts: Facts, resource: Resource) -> bool:
    """Only members whose account is good may know of a thing, if it is shown to them, and of a private one only its participants.

    What is behind a gate is not shown to who does not pass it; of the community itself a member knows.
    """
    is_good = facts.signed_in and facts.account_active is True and _is_member(facts)
    if not (is_good and _is_shown(facts, resource) and _participates(facts, resource)):
        return False
    return resource.kind == COMMUNITY_KIND or judge_gates(facts, resource).passed is True
