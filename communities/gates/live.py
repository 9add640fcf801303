"""Live gates: versions of gates as conditions, each parsed and compiled once per process, since a version never changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from datetime import timedelta
from threading import Lock
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from communities.errors import InvalidGate
from communities.gates.conditions import Condition, Grace, compile_tree, grandfathered
from communities.gates.explaining import missing_of
from communities.gates.facts import MEMBER_SINCE, Fact, GateFacts
from communities.gates.parsing import parse_tree
from communities.gates.trees import Tree, facts_read_by, services_asked_in
from communities.gates.verdicts import PASSED, UNKNOWN, Verdict
from communities.models.gates import GatedRow, GateVersion
from kernel.decision import Missing
from kernel.ids import CommunityId

_KEPT = 10_000
"""Compiled versions per process, a few kilobytes each; what was not used for longest is dropped first."""


class LiveGate:
    """One version of a gate, ready to judge. Without a tree everybody passes. `services` names those outside that it asks."""

    __slots__ = ("condition", "reads", "services", "tree", "version_id")

    def __init__(
        self,
        version_id: UUID,
        tree: Tree | None,
        condition: Condition,
        reads: frozenset[Fact[Any]],
        services: frozenset[str] = frozenset(),
    ) -> None:
        self.version_id = version_id
        self.tree = tree
        self.condition = condition
        self.reads = reads
        self.services = services

    def missing(self, facts: GateFacts, community_id: CommunityId) -> tuple[Missing, ...]:
        """Return what keeps somebody out who does not pass."""
        return missing_of(self.tree, facts, community_id) if self.tree is not None else ()


_compiled: OrderedDict[UUID, LiveGate] = OrderedDict()
_lock = Lock()


def live_gates(*rows: GatedRow) -> tuple[LiveGate, ...]:
    """Return the gates that hold, the outermost first. Loads a version that this process has not seen: lists select it with the row."""
    return tuple(gate for row in rows if (gate := _gate_of(row)) is not None)


def live_gate(version: GateVersion) -> LiveGate:
    """Return a version as a gate."""
    known = find_live_gate(version.pk)
    return known if known is not None else _remember(compile_version(version))


def find_live_gate(version_id: UUID) -> LiveGate | None:
    """Return the gate of a version that this process has compiled already."""
    with _lock:
        gate = _compiled.get(version_id)
        if gate is not None:
            _compiled.move_to_end(version_id)
        return gate


def find_live_gates(version_ids: Collection[UUID]) -> dict[UUID, LiveGate]:
    """Return these versions as gates. No statement for those that this process has compiled, one for all others."""
    found = {one: gate for one in version_ids if (gate := find_live_gate(one)) is not None}
    missing = [one for one in version_ids if one not in found]
    if missing:
        versions = GateVersion.objects.select_related("previous").filter(pk__in=missing)
        found |= {version.pk: live_gate(version) for version in versions}
    return found


def compile_version(version: GateVersion) -> LiveGate:
    """Return a version as a gate, kept nowhere: it may not have been saved."""
    try:
        tree = None if version.tree is None else parse_tree(version.tree)
    except InvalidGate:  # of another release: what is not understood lets nobody in
        return LiveGate(version.pk, None, _pass_nobody, frozenset())
    condition = _pass_all if tree is None else compile_tree(tree, _grace_of(version))
    reads = frozenset() if tree is None else facts_read_by(tree)
    services = frozenset() if tree is None else services_asked_in(tree)
    if version.grandfathered_until is not None:
        before = None if version.previous is None else live_gate(version.previous)
        old = None if before is None else before.condition
        condition = grandfathered(condition, old, version.created_at, version.grandfathered_until)
        reads |= frozenset() if before is None else before.reads
        services |= frozenset() if before is None else before.services
    return LiveGate(version.pk, tree, condition, reads | {MEMBER_SINCE}, services)


def gates_in_force(community_id: CommunityId) -> list[LiveGate]:
    """Return the gates of a community and of what is in it: live ones, and those in the shadow. One query."""
    in_force = Q(gate__live=F("pk")) | Q(gate__shadow=F("pk"))
    versions = GateVersion.objects.select_related("previous").filter(in_force, gate__community=community_id)
    return [live_gate(version) for version in versions]


def services_asked(community_id: CommunityId) -> frozenset[str]:
    """Return the names of the services that the gates of a community ask. One query."""
    return frozenset().union(*(gate.services for gate in gates_in_force(community_id)))


def _gate_of(row: GatedRow) -> LiveGate | None:
    if row.gate_version_id is None:
        return None
    known = find_live_gate(row.gate_version_id)
    return known if known is not None or row.gate_version is None else live_gate(row.gate_version)


def _grace_of(version: GateVersion) -> Grace:
    ends = {kind: version.created_at + timedelta(seconds=seconds) for kind, seconds in version.grace.items()}
    return Grace(version.created_at, ends)


def _remember(gate: LiveGate) -> LiveGate:
    with _lock:
        _compiled[gate.version_id] = gate
        if len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    return gate


def _pass_nobody(_facts: GateFacts) -> Verdict:
    return UNKNOWN


def _pass_all(_facts: GateFacts) -> Verdict:
    return PASSED
