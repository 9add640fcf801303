"""Facts of gates that this process remembers, for the path of messages: what was read at a member's access epoch holds for that epoch.

Every change of a fact makes the epoch grow in its own transaction, so what is remembered for an older one is never asked for again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, NamedTuple

from communities.access.facts import MembershipFacts
from communities.access.known import load_known
from communities.access.resources import Resource
from communities.gates.facts import Fact
from communities.gates.sources import Known, Pair

_KEPT = 20_000
"""Members per process, about a kilobyte each; who was not asked about for longest is forgotten first."""


class _Wanted(NamedTuple):
    epoch: int
    facts: frozenset[Fact[Any]]


class _Memory(NamedTuple):
    epoch: int
    facts: frozenset[Fact[Any]]
    known: Known


_memories: OrderedDict[Pair, _Memory] = OrderedDict()
_lock = Lock()


def remembered_facts(asked: Iterable[tuple[Resource, MembershipFacts]]) -> dict[Pair, Known]:
    """Return what gates of these resources read of current members. No statement for who is remembered, one for all others.

    The memberships must have been read before, and from what is committed: then what is loaded may be newer than their epochs, never older.
    """
    wanted: dict[Pair, _Wanted] = {}
    for resource, membership in asked:
        pair = (membership.user_id, resource.community_id)
        reads = frozenset().union(*(gate.reads for gate in resource.gates))
        others = wanted[pair].facts if pair in wanted else frozenset()
        wanted[pair] = _Wanted(membership.access_epoch, reads | others)
    known = {pair: memory.known for pair, one in wanted.items() if (memory := _recall(pair, one)) is not None}
    return known | _load({pair: one for pair, one in wanted.items() if pair not in known})


def _load(missing: Mapping[Pair, _Wanted]) -> dict[Pair, Known]:
    facts = frozenset().union(*(one.facts for one in missing.values()))
    loaded = load_known(missing, facts).facts
    for pair, known in loaded.items():
        _remember(pair, _Memory(missing[pair].epoch, facts, known))
    return loaded


def _recall(pair: Pair, wanted: _Wanted) -> _Memory | None:
    with _lock:
        memory = _memories.get(pair)
        if memory is None or memory.epoch != wanted.epoch or not wanted.facts <= memory.facts:
            return None
        _memories.move_to_end(pair)
        return memory


def _remember(pair: Pair, memory: _Memory) -> None:
    with _lock:
        _memories[pair] = memory
        _memories.move_to_end(pair)
        if len(_memories) > _KEPT:
            _memories.popitem(last=False)
