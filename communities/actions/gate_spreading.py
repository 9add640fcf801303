"""What a new version of a gate means for the members of a big community: some hundred at a time, each time in a short transaction.

Requests and messages are decided by the new version from its commit on. This is for sockets that follow topics.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from communities.access import change_access
from communities.constants import MEMBERS_AT_ONCE
from communities.queries.memberships import members_after
from communities.registries.gates import GateTarget, gate_kind
from kernel.actor import SYSTEM
from kernel.ids import CommunityId
from kernel.jobs import enqueue

JOB = "communities.spread_gate_change"


def begin_spreading(target: GateTarget, before: UUID | None) -> None:
    """Have the change from a version (None: from no gate) to the present one spread when the caller's transaction commits."""
    resource = str(target.row.pk)
    enqueue(JOB, kind=target.kind, resource_id=resource, before=None if before is None else str(before), after=None)


@transaction.atomic
def spread_gate_change(kind: str, resource_id: UUID, before: UUID | None, after: UUID | None) -> None:
    """Revoke what the next 500 members behind the membership `after` lost when the live version took a version's place; a job goes on.

    The version from before is put back for as long as it takes to see what they could read, which nobody else sees: the transaction
    holds the community and the thing. Emits as `communities.access.change_access`.
    """
    target = gate_kind(kind).lock(SYSTEM, resource_id)
    community_id = CommunityId(target.community.pk)
    members = members_after(community_id, after, limit=MEMBERS_AT_ONCE)
    if not members:
        return
    live = target.row.gate_version_id
    _set_version(target, before)
    with change_access(community_id, [user_id for _, user_id in members]):
        _set_version(target, live)
    last = str(members[-1][0])
    enqueue(JOB, kind=kind, resource_id=str(resource_id), before=None if before is None else str(before), after=last)


def _set_version(target: GateTarget, version_id: UUID | None) -> None:
    target.row.gate_version_id = version_id
    target.row.save(update_fields=["gate_version"])
