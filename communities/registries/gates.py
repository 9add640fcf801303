"""The kinds of things that a gate can hang on. The app that owns a kind says how such a thing is reached by who may change its gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from communities.gates.live import LiveGate, compile_version, live_gates
from communities.models import Community
from communities.models.gates import GatedRow, GateVersion
from kernel.actor import Actor
from kernel.errors import NotFound


class GateTarget(NamedTuple):
    """A thing that has or may get a gate: its row, its community, and the gates of what it is in, which hold in it as well."""

    kind: str
    row: GatedRow
    community: Community
    outer: tuple[LiveGate, ...] = ()


def gates_of(target: GateTarget, version: GateVersion | None = None) -> tuple[LiveGate, ...]:
    """Return the gates that hold in the thing, or that would with another version of its own, which may not have been saved."""
    if version is None:
        return (*target.outer, *live_gates(target.row))
    return (*target.outer, compile_version(version))


class GateKind(NamedTuple):
    """How a thing is reached by an actor who may manage its gate.

    `see` is for everybody who may know of the thing, the others for who may manage its gate. `lock` locks the community, then the
    thing, until the transaction ends. All raise what the loaders of the app raise.
    """

    see: Callable[[Actor, UUID], GateTarget]
    find: Callable[[Actor, UUID], GateTarget]
    lock: Callable[[Actor, UUID], GateTarget]


_kinds: dict[str, GateKind] = {}


def register_gate_kind(kind: str, loaders: GateKind) -> None:
    """Let gates hang on things of a kind; called once, when the owning app is ready."""
    if _kinds.setdefault(kind, loaders) is not loaders:
        raise RuntimeError(f"things of kind {kind} are registered twice")


def gate_kind(kind: str) -> GateKind:
    """Return how things of a kind are reached. Raises `NotFound` for a kind that nobody registered."""
    if kind not in _kinds:
        raise NotFound
    return _kinds[kind]
