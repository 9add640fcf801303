"""Gates to look at, for who manages them and for who stands before them: history, simulation, shadow and explanation. Nothing is changed.

Whatever the thing is, the loaders registered for its kind say who may see it and who may manage its gate.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from msgspec.structs import asdict

from accounts.payloads import user_payload
from accounts.queries.users import get_users
from communities.access.comparing import compare_gates
from communities.access.gate_drafts import GateDraft, draft_version
from communities.access.standing import standing_of
from communities.constants import NAMED_IN_COMPARISONS
from communities.events import GateComparison, GatePayload, GateStanding, GateVersionPayload, ShadowReport
from communities.models import GateVersion
from communities.queries.gates import find_gate, get_gate, list_gate_versions, newest_differences
from communities.queries.memberships import members_among
from communities.registries.gates import GateTarget, gate_kind, gates_of
from kernel.actor import Actor
from kernel.errors import NotFound
from kernel.ids import CommunityId, UserId
from kernel.pagination import PageRequest
from kernel.rate_limits import take
from kernel.wire import Page


def get_gate_for(actor: Actor, kind: str, resource_id: UUID) -> GatePayload:
    """Return the versions of a thing's gate that count now. Who may manage gates may. Raises as the loaders of the kind."""
    gate_kind(kind).find(actor, resource_id)
    return get_gate(kind, resource_id)


def list_gate_versions_for(
    actor: Actor, kind: str, resource_id: UUID, *, page: PageRequest
) -> Page[GateVersionPayload]:
    """Return every version of a thing's gate, newest first. Who may manage gates may. Raises as the loaders of the kind."""
    gate_kind(kind).find(actor, resource_id)
    return list_gate_versions(kind, resource_id, page=page)


def simulate_gate(actor: Actor, kind: str, resource_id: UUID, draft: GateDraft) -> GateComparison:
    """Return who would gain and lose if the draft were live; nothing is changed. Who may manage gates may.

    Every member is looked at. Raises as putting it would, and `RateLimited`.
    """
    _count_comparison(actor)
    target = gate_kind(kind).find(actor, resource_id)
    version = draft_version(target, find_gate(kind, resource_id), draft, author_id=actor.user_id)
    return _compare(target, version)


def compare_shadow(actor: Actor, kind: str, resource_id: UUID) -> ShadowReport:
    """Return for whom the version in the shadow decides differently from the live one, now and as it was noted. Who may manage gates may.

    Every member is looked at. Raises `NotFound`, `RateLimited`.
    """
    _count_comparison(actor)
    target = gate_kind(kind).find(actor, resource_id)
    gate = find_gate(kind, resource_id)
    if gate is None or gate.shadow is None:
        raise NotFound
    noted, differences = newest_differences(gate.shadow, most=NAMED_IN_COMPARISONS)
    compared = _compare(target, gate.shadow)
    return ShadowReport(**asdict(compared), noted=noted, differences=tuple(differences))


def explain_gates(actor: Actor, kind: str, resource_id: UUID, user_id: UserId | None = None) -> GateStanding:
    """Return how the actor stands before a thing's gates; how somebody else does, for who may manage them. Raises `NotFound`."""
    own = actor.require_user()
    if user_id is None or user_id == own:
        target = gate_kind(kind).see(actor, resource_id)
        return standing_of(own, target.community, gates_of(target))
    target = gate_kind(kind).find(actor, resource_id)
    community_id = CommunityId(target.community.pk)
    if (community_id, user_id) not in members_among({(community_id, user_id)}):
        raise NotFound
    return standing_of(user_id, target.community, gates_of(target))


def _count_comparison(actor: Actor) -> None:
    if actor.user_id is not None:
        take(settings.RATE_LIMITS["gate_simulate.user"], str(actor.user_id))


def _compare(target: GateTarget, version: GateVersion) -> GateComparison:
    compared = compare_gates(CommunityId(target.community.pk), gates_of(target), gates_of(target, version))
    named = [*compared.gaining[:NAMED_IN_COMPARISONS], *compared.losing[:NAMED_IN_COMPARISONS]]
    users = get_users(named)
    return GateComparison(
        members=compared.members,
        gains=len(compared.gaining),
        loses=len(compared.losing),
        gaining=tuple(user_payload(users[one]) for one in compared.gaining[:NAMED_IN_COMPARISONS]),
        losing=tuple(user_payload(users[one]) for one in compared.losing[:NAMED_IN_COMPARISONS]),
    )
