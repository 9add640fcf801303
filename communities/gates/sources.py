"""Where the facts that gates read are kept: one piece of SQL per fact. They are put together and sent by `communities.access`.

What a membership tells (since when, with which roles) is not here: every decision has it already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from communities.gates.facts import MEMBER_SINCE, ROLES, Fact
from kernel.ids import CommunityId, UserId

Pair = tuple[UserId, CommunityId]
Known = dict[Fact[Any], Any]

OF_MEMBERSHIP: frozenset[Fact[Any]] = frozenset({MEMBER_SINCE, ROLES})
"""The facts that come with the membership."""


class FactSource(NamedTuple):
    """How a fact is read.

    `sql` is a SELECT of (user_id, community_id, value as text) over the table `asked (user_id, community_id)`, at most one row per pair.
    Who gets no row is known to have none of it. `decode` makes the fact's value of the text.
    """

    sql: str
    decode: Callable[[str], Any]


_sources: dict[Fact[Any], FactSource] = {}


def register_fact_source(fact: Fact[Any], source: FactSource) -> None:
    """Tell where a fact is kept; called once, when the app that keeps it is ready. Without a source the fact is unknown."""
    if _sources.setdefault(fact, source) is not source:
        raise RuntimeError(f"the fact {fact.name} has two sources")


def readable_facts(facts: Iterable[Fact[Any]]) -> dict[str, Fact[Any]]:
    """Return by name those of the facts that have a source."""
    return {fact.name: fact for fact in facts if fact in _sources}


def fact_parts(facts: Iterable[Fact[Any]]) -> list[str]:
    """Return the parts of a statement over `asked` that read these facts: rows of (name, user, community, value as text)."""
    return [
        f"SELECT '{fact.name}', part.user_id, part.community_id, part.value FROM ({_sources[fact].sql}) "  # noqa: S608  # made of constants
        "AS part (user_id, community_id, value)"
        for fact in sorted(facts, key=lambda fact: fact.name)
    ]


def decoder_of(fact: Fact[Any]) -> Callable[[str], Any]:
    """Return what makes the fact's value of the text that its source gives."""
    return _sources[fact].decode


def json_decoder(kind: Any) -> Callable[[str], Any]:
    """Return a decoder for values that are JSON of a type."""
    return msgspec.json.Decoder(kind).decode


def is_so(_value: str) -> bool:
    """Decode what is so or not: a row says that it is."""
    return True
