"""Everything that changes a gate: a new version, live or in the shadow, and the way back to an old one. Versions are never changed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from communities.access import change_access, compare_gates, load_known, load_memberships, with_membership
from communities.access.gate_drafts import GateDraft, draft_version
from communities.actions.catching_up import mark_members
from communities.actions.external_answers import unchecked_want_answers
from communities.actions.gate_spreading import begin_spreading
from communities.constants import MEMBERS_COMPARED_AT_ONCE, GateMode
from communities.errors import GateLocksOut
from communities.events import GateChanged, GateVersionPayload
from communities.gates.conditions import compile_tree
from communities.gates.explaining import missing_of
from communities.gates.facts import GateFacts
from communities.gates.live import compile_version
from communities.gates.trees import facts_read_by
from communities.models import Gate, GateVersion
from communities.payloads import gate_version_payload
from communities.queries.memberships import has_more_members_than, owner_id
from communities.registries.gates import GateTarget, gate_kind, gates_of
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import CommunityId


def put_gate(actor: Actor, *, kind: str, resource_id: UUID, draft: GateDraft) -> GateVersionPayload:
    """Put a new version on a thing: a live one decides from the commit on, one in the shadow is only compared.

    Who may manage gates may. Locks the community, then the thing. A live one emits `gate.changed` on the thing's topic, and
    `access.revoked` where somebody loses what they could read. Raises `InvalidGate`, `InvalidInput`, `GateLocksOut`, `GraceRuns`.
    """
    with transaction.atomic():
        target = gate_kind(kind).lock(actor, resource_id)
        gate = _gate_of(target)
        version = draft_version(target, gate, draft, author_id=actor.user_id)
        version.number = _next_number(gate)
        return _put(actor, target, gate, version)


def roll_back_gate(actor: Actor, *, kind: str, resource_id: UUID, number: int, reason: str = "") -> GateVersionPayload:
    """Put the tree of an old version on a thing again, as a new live version that lets nobody off.

    Who may manage gates may. Emits and raises as `put_gate`; raises `NotFound` for a number that there is not.
    """
    with transaction.atomic():
        target = gate_kind(kind).lock(actor, resource_id)
        gate = _gate_of(target)
        old = gate.versions.filter(number=number).first()
        if old is None:
            raise NotFound
        draft = GateDraft(tree=old.tree, reason=reason or f"Back to version {number}.")
        version = draft_version(target, gate, draft, author_id=actor.user_id)
        version.number = _next_number(gate)
        return _put(actor, target, gate, version)


def _put(actor: Actor, target: GateTarget, gate: Gate, version: GateVersion) -> GateVersionPayload:
    if version.mode == GateMode.SHADOW:
        version.save(force_insert=True)
        gate.shadow = version
        gate.save(update_fields=["shadow"])
        mark_members(CommunityId(target.community.pk), at=now())  # and note for whom it decides differently
        _ask_services(target)
        return gate_version_payload(version, gate)
    _check_lock_out(actor, target, version)
    version.save(force_insert=True)
    if has_more_members_than(CommunityId(target.community.pk), MEMBERS_COMPARED_AT_ONCE):
        former = target.row.gate_version_id
        _set_live(target, gate, version)
        begin_spreading(target, former)
    else:
        _set_live_and_revoke(target, gate, version)
    _ask_services(target)
    topic = topic_for(target.kind, target.row.pk)
    append([Draft(topic, GateChanged(kind=target.kind, resource=target.row.pk))])
    return gate_version_payload(version, gate)


def _ask_services(target: GateTarget) -> None:
    """Have the services that the gate asks asked about all members; in a big community as the sweep comes to each of them."""
    community_id = CommunityId(target.community.pk)
    if has_more_members_than(community_id, MEMBERS_COMPARED_AT_ONCE):
        mark_members(community_id, at=now())
    else:
        unchecked_want_answers(community_id)


def _set_live_and_revoke(target: GateTarget, gate: Gate, version: GateVersion) -> None:
    community_id = CommunityId(target.community.pk)
    compared = compare_gates(community_id, gates_of(target), gates_of(target, version))
    with change_access(community_id, [*compared.losing, *compared.gaining]):
        _set_live(target, gate, version)
    mark_members(community_id, at=now())


def _set_live(target: GateTarget, gate: Gate, version: GateVersion) -> None:
    gate.live, gate.shadow = version, None
    gate.save(update_fields=["live", "shadow"])
    target.row.gate_version = version if version.tree is not None else None
    target.row.save(update_fields=["gate_version"])


def _gate_of(target: GateTarget) -> Gate:
    """Return the thing's gate; under the community's lock nobody else makes it."""
    gate, _ = Gate.objects.select_related("live").get_or_create(
        kind=target.kind, resource_id=target.row.pk, defaults={"community": target.community}
    )
    return gate


def _next_number(gate: Gate) -> int:
    newest = gate.versions.order_by("-number").values_list("number", flat=True).first()
    return (newest or 0) + 1


def _check_lock_out(actor: Actor, target: GateTarget, version: GateVersion) -> None:
    """Refuse what its editor, or the owner, would not pass without being let off for a while: nobody could mend it."""
    tree = compile_version(version).tree
    if tree is None:
        return
    community_id = CommunityId(target.community.pk)
    people = {user_id for user_id in (actor.user_id, owner_id(community_id)) if user_id is not None}
    memberships = load_memberships(community_id, people)
    loaded = load_known({(user_id, community_id) for user_id in memberships}, facts_read_by(tree)).facts
    for user_id, membership in memberships.items():
        facts = GateFacts(version.created_at, with_membership(loaded[user_id, community_id], membership))
        if compile_tree(tree)(facts).passed is not True:
            raise GateLocksOut(missing=missing_of(tree, facts, community_id))
