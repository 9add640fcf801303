"""The gates of the matrix, the ways to pass them, and how each of these is lost again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.constants import ROOM_KIND
from communities.access import COMMUNITY_KIND, GateDraft
from communities.actions.entitlements import grant_entitlement, revoke_entitlement
from communities.actions.external_answers import ask_external_service
from communities.actions.gates import put_gate
from communities.actions.levels import set_level
from communities.actions.membership_roles import give_role, take_role
from communities.constants import GateMode
from communities.models import Entitlement, ExternalAnswer, ExternalService
from communities.transports.external_services import ServiceAnswer
from kernel.actor import Actor
from kernel.clock import now
from kernel.ids import EntitlementId, ExternalServiceId, UserId
from tests.leaks.knowledge import (
    APPLICANT,
    BANNED,
    CABIN,
    DEMOTED,
    DISOWNED,
    ENTITLEMENTS,
    EXPIRED,
    HALL,
    LOWERED,
    OWNER,
    PASSING,
    TIMED_OUT,
    UNENTITLED,
    VAULT,
)
from tests.leaks.place import Place

GOLD, LEVEL = "gold", 5
"""The entitlement and the level that the gates ask for."""
_INVITE = {"type": "invite"}
_vouched_for: set[UserId] = set()


def ask_nobody(_called: object, user_ids: Iterable[UserId]) -> dict[UserId, ServiceAnswer]:
    """Answer for the service outside, which is not asked."""
    return {user_id: ServiceAnswer(user_id in _vouched_for, 100_000) for user_id in user_ids}


def let_pass(place: Place, owner: Actor, users: dict[str, User]) -> None:
    """Give everybody what they pass by, and put the gates."""
    for state in (PASSING, DEMOTED):
        give_role(owner, community_id=place.id, user_id=UserId(users[state].pk), role_id=place.badge)
    for state in (OWNER, TIMED_OUT, UNENTITLED, EXPIRED, APPLICANT, BANNED):
        grant(place, owner, UserId(users[state].pk), GOLD, place.text(ENTITLEMENTS))
    set_level(owner, community_id=place.id, user_id=UserId(users[LOWERED].pk), level=LEVEL)
    _put_gates(place, owner, _INVITE)
    _ask_the_service(place, {UserId(users[DISOWNED].pk)})


def end_passing(place: Place, owner: Actor, users: dict[str, User]) -> None:
    """Take from each of those who lose what let them pass. The number is gone already; time comes last."""
    about: dict[str, Any] = {"community_id": place.id}
    take_role(owner, **about, user_id=UserId(users[DEMOTED].pk), role_id=place.badge)
    right = Entitlement.objects.get(community_id=place.id, user=users[UNENTITLED])
    revoke_entitlement(owner, **about, entitlement_id=EntitlementId(right.pk))
    set_level(owner, **about, user_id=UserId(users[LOWERED].pk), level=LEVEL - 1)
    _ask_the_service(place, set())
    _put_gates(place, owner)


def expire(place: Place, users: dict[str, User]) -> None:
    """Let time end a right; nobody has looked since."""
    Entitlement.objects.filter(community_id=place.id, user=users[EXPIRED]).update(ends_at=now())


def grant(place: Place, owner: Actor, user_id: UserId, key: str, reason: str) -> EntitlementId:
    """Give a user an entitlement."""
    given = grant_entitlement(owner, community_id=place.id, user_id=user_id, key=key, reason=reason)
    return EntitlementId(given.id)


def _put_gates(place: Place, owner: Actor, *further: dict[str, Any]) -> None:
    """Put a gate on the vault, and on the community where it has one; the other things have had one that lets everybody in."""
    service = ExternalService.objects.get(community_id=place.id).name
    known: list[dict[str, Any]] = [{"type": "role", "role": str(place.badge)}, {"type": "verified_phone"}]
    known += [{"type": "entitlement", "key": one} for one in (GOLD, place.text(ENTITLEMENTS))]
    known += [{"type": "level", "level": LEVEL}, {"type": "external", "service": service}]
    tree = {"type": "any", "of": [*known, *further]}
    for kind, of_room in ((VAULT, tree), (HALL, None), (CABIN, None)):
        _put(owner, ROOM_KIND, place.room(kind), GateDraft(tree=of_room))
    _put(owner, COMMUNITY_KIND, place.id, GateDraft(tree=tree if place.is_gated else None))
    shadow = GateDraft(tree=tree, mode=GateMode.SHADOW, reason=place.text(VAULT))
    _put(owner, ROOM_KIND, place.room(VAULT), shadow)


def _put(owner: Actor, kind: str, resource_id: UUID, draft: GateDraft) -> None:
    put_gate(owner, kind=kind, resource_id=resource_id, draft=draft)


def _ask_the_service(place: Place, vouched_for: Collection[UserId]) -> None:
    """Ask about everybody whom the gates want to know of, and let nobody wait for their turn."""
    _vouched_for.clear()
    _vouched_for.update(vouched_for)
    answers = ExternalAnswer.objects.filter(community_id=place.id)
    answers.update(ask_at=now())
    ask_external_service(ExternalServiceId(UUID(place.ids["service_id"])))
