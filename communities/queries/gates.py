"""Gates to look at: what is live, and every version that there was."""

from __future__ import annotations

from uuid import UUID

from communities.events import GatePayload, GateVersionPayload, ShadowDifferencePayload
from communities.models import Gate, GateVersion, ShadowDifference
from communities.payloads import gate_version_payload, shadow_difference_payload
from communities.queries.keyset import SortKey, cut_page
from kernel.pagination import PageRequest
from kernel.wire import Page

_SORTS = {"number": SortKey("number", int)}


def get_gate(kind: str, resource_id: UUID) -> GatePayload:
    """Return the versions of a thing's gate that count now, null where there is none. One query."""
    gate = find_gate(kind, resource_id)
    if gate is None:
        return GatePayload(live=None, shadow=None)
    return GatePayload(
        live=None if gate.live is None else gate_version_payload(gate.live, gate),
        shadow=None if gate.shadow is None else gate_version_payload(gate.shadow, gate),
    )


def find_gate(kind: str, resource_id: UUID) -> Gate | None:
    """Return a thing's gate with its live version and the one in the shadow."""
    rows = Gate.objects.select_related("live__author", "live__previous", "shadow__author", "shadow__previous")
    return rows.filter(kind=kind, resource_id=resource_id).first()


def newest_differences(version: GateVersion, *, most: int) -> tuple[int, list[ShadowDifferencePayload]]:
    """Return how much was noted of a version in the shadow, and the newest of it. Two queries."""
    rows = ShadowDifference.objects.filter(version=version)
    newest = rows.select_related("user").order_by("-noted_at", "-pk")[:most]
    return rows.count(), [shadow_difference_payload(row) for row in newest]


def list_gate_versions(kind: str, resource_id: UUID, *, page: PageRequest) -> Page[GateVersionPayload]:
    """Return every version, newest first, with who put it there and why. Two queries."""
    gate = find_gate(kind, resource_id)
    if gate is None:
        return Page(items=[], next=None)
    rows = gate.versions.select_related("author")
    found, following = cut_page(rows, sort="-number", sorts=_SORTS, page=page)
    return Page(items=[gate_version_payload(version, gate) for version in found], next=following)
