"""What the versions in the shadow would say, noted beside what the live ones do: where members are looked at anyway, never per message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from communities.access.facts import Facts
from communities.access.known import is_current
from communities.access.resources import COMMUNITY_KIND
from communities.gates.facts import GateFacts
from communities.gates.live import LiveGate, live_gate
from communities.models import Gate, ShadowDifference
from kernel.clock import now
from kernel.ids import CommunityId, UserId


class StandingGate(NamedTuple):
    """A gate of a community or of something in it: its live version and the one in the shadow, where there are such."""

    kind: str
    live: LiveGate | None
    shadow: LiveGate | None

    @property
    def versions(self) -> tuple[LiveGate, ...]:
        """Those that there are."""
        return tuple(version for version in (self.live, self.shadow) if version is not None)


def standing_gates(community_id: CommunityId) -> list[StandingGate]:
    """Return all gates of a community that have a version in force. One query."""
    rows = Gate.objects.select_related("live__previous", "shadow__previous").filter(community_id=community_id)
    gates = [
        StandingGate(
            row.kind,
            None if row.live is None else live_gate(row.live),
            None if row.shadow is None else live_gate(row.shadow),
        )
        for row in rows
    ]
    return [gate for gate in gates if gate.versions]


def note_differences(community_id: CommunityId, gates: Sequence[StandingGate], known: Mapping[UserId, Facts]) -> None:
    """Note for which of these members a version in the shadow decides differently, once a day for each. No statement where none does.

    In the transaction of whatever looks at them.
    """
    outer = next((gate.live for gate in gates if gate.kind == COMMUNITY_KIND), None)
    at = now()
    found = [
        ShadowDifference(
            version_id=version.version_id,
            community_id=community_id,
            user_id=user_id,
            day=at.date(),
            noted_at=at,
            would_pass=would_pass,
        )
        for gate in gates
        if gate.shadow is not None
        for version, user_id, would_pass in _differences(gate, gate.shadow, outer, known)
    ]
    if found:
        ShadowDifference.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["version", "user", "day"],
            update_fields=["noted_at", "would_pass"],
        )


def _differences(
    gate: StandingGate, shadow: LiveGate, outer: LiveGate | None, known: Mapping[UserId, Facts]
) -> Iterator[tuple[LiveGate, UserId, bool]]:
    """Tell where it decides: who does not pass the gate of the community is out of what is in it either way."""
    inside = None if gate.kind == COMMUNITY_KIND else outer
    for user_id, facts in known.items():
        if not is_current(facts.membership):
            continue
        asked = GateFacts(facts.at, facts.known)
        if inside is not None and inside.condition(asked).passed is not True:
            continue
        passes = gate.live is None or gate.live.condition(asked).passed is True
        would_pass = shadow.condition(asked).passed is True
        if passes != would_pass:
            yield shadow, user_id, would_pass
