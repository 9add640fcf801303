"""Versions of gates as they are asked for, checked against what there is. Nothing is written here: drafts are simulated, too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from communities.constants import MAX_GRACE_DAYS, GateMode
from communities.errors import GraceRuns, InvalidGate
from communities.gates.parsing import parse_tree, tree_json
from communities.gates.requirements import External, HasRole
from communities.gates.trees import Tree, leaves_of, places_in
from communities.models import Gate, GateVersion, Role
from communities.queries.external_services import names_of_services
from communities.registries.gates import GateTarget
from kernel.clock import now
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, UserId


class GateDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it is asked for. A null tree lets everybody in.

    `grace` gives days by requirement type, and `grandfathered_until` a moment, both for who is a member already.
    """

    tree: object
    reason: str = ""
    mode: GateMode = GateMode.LIVE
    grace_days: Mapping[str, int] = {}
    grandfathered_until: datetime | None = None


def draft_version(target: GateTarget, gate: Gate | None, draft: GateDraft, *, author_id: UserId | None) -> GateVersion:
    """Return an unsaved version for a draft. Raises `InvalidGate`, `InvalidInput`, `GraceRuns`."""
    tree = None if draft.tree is None else parse_tree(draft.tree)
    if tree is not None:
        _check_roles(tree, target)
        _check_services(tree, target)
        _check_grace(tree, draft.grace_days)
    at = now()
    previous = _previous(gate, draft.grandfathered_until, at)
    return GateVersion(
        gate=gate,
        mode=draft.mode,
        tree=None if tree is None else tree_json(tree),
        reason=draft.reason,
        author_id=author_id,
        created_at=at,
        grace={kind: days * 86_400 for kind, days in draft.grace_days.items()},
        grandfathered_until=draft.grandfathered_until,
        previous=previous,
    )


def _previous(gate: Gate | None, until: datetime | None, at: datetime) -> GateVersion | None:
    """Return what old members go on being held to. One after the other: a chain of versions would be understood by nobody."""
    if until is None:
        return None
    if until <= at:
        raise InvalidInput(
            "Members can be held to the gate before this one until a moment that is to come.",
            field="grandfathered_until",
        )
    live = None if gate is None else gate.live
    if live is not None and live.grandfathered_until is not None and live.grandfathered_until > at:
        raise GraceRuns(until=live.grandfathered_until)
    return live


def _check_roles(tree: Tree, target: GateTarget) -> None:
    asked = [(f"{path}.role", leaf.role) for path, leaf in places_in(tree) if isinstance(leaf, HasRole)]
    wanted = {role for _, role in asked}
    known = set(Role.objects.filter(community=target.community, pk__in=wanted).values_list("pk", flat=True))
    for path, role in asked:
        if role not in known:
            raise InvalidGate(f"{path}: There is no such role in this community.", path=path)


def _check_services(tree: Tree, target: GateTarget) -> None:
    asked = [(f"{path}.service", leaf.service) for path, leaf in places_in(tree) if isinstance(leaf, External)]
    known = names_of_services(CommunityId(target.community.pk)) if asked else set()
    for path, service in asked:
        if service not in known:
            raise InvalidGate(f"{path}: There is no such service in this community.", path=path)


def _check_grace(tree: Tree, grace_days: Mapping[str, int]) -> None:
    types = {leaf.type for leaf in leaves_of(tree)}
    for kind, days in grace_days.items():
        if kind not in types:
            raise InvalidInput(f"The gate has no requirement {kind} to let anybody off.", field="grace_days")
        if not 1 <= days <= MAX_GRACE_DAYS:
            raise InvalidInput(f"A grace lasts from 1 to {MAX_GRACE_DAYS} days.", field="grace_days")
