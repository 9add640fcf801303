"""What a tree answers: it is compiled once into a function of the facts, with what its version lets members off for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import UNSET

from communities.gates.facts import MEMBER_SINCE, GateFacts
from communities.gates.requirement import Requirement
from communities.gates.trees import AllOf, AtLeast, NotOf, Tree, branches_of
from communities.gates.verdicts import FAILED, PASSED, Verdict, combine, invert

Condition = Callable[[GateFacts], Verdict]
"""From facts to a verdict; the same for the same facts, whatever happened before."""


class Grace(NamedTuple):
    """Who was a member before `since` need not meet requirements of these types before these moments."""

    since: datetime
    ends: Mapping[str, datetime]


def compile_tree(tree: Tree, grace: Grace | None = None) -> Condition:
    """Return the condition that a tree stands for. Inside of `not` there is no grace: it would shut people out."""
    if isinstance(tree, Requirement):
        ends = None if grace is None else grace.ends.get(tree.type)
        return tree.judge if grace is None or ends is None else at_least(1, [tree.judge, _let_off(grace.since, ends)])
    if isinstance(tree, NotOf):
        return _opposite(compile_tree(tree.of))
    return at_least(needed_of(tree), [compile_tree(branch, grace) for branch in branches_of(tree)])


def needed_of(tree: Tree) -> int:
    """Return how many branches of a node have to be passed."""
    if isinstance(tree, AtLeast):
        return tree.k
    return len(tree.of) if isinstance(tree, AllOf) else 1


def at_least(needed: int, conditions: Sequence[Condition]) -> Condition:
    """Return the condition that so many of the conditions hold."""
    if needed == 1:
        return _any_of(conditions)

    def judge(facts: GateFacts) -> Verdict:
        verdicts = [condition(facts) for condition in conditions]
        for verdict in verdicts:
            if verdict is not PASSED:
                return combine(needed, verdicts)
        return PASSED

    return judge


def _any_of(conditions: Sequence[Condition]) -> Condition:
    def judge(facts: GateFacts) -> Verdict:
        verdicts = []
        for condition in conditions:
            verdict = condition(facts)
            if verdict is PASSED:  # for good: the others change nothing
                return verdict
            verdicts.append(verdict)
        return combine(1, verdicts)

    return judge


def grandfathered(condition: Condition, before: Condition | None, since: datetime, until: datetime) -> Condition:
    """Return the condition with members from before `since` held to the condition `before` it (None: to nothing) until a moment."""
    spared = _let_off(since, until)
    old = spared if before is None else at_least(2, [spared, before])
    return at_least(1, [condition, old])


def _opposite(condition: Condition) -> Condition:
    return lambda facts: invert(condition(facts))


def _let_off(since: datetime, until: datetime) -> Condition:
    """Return the condition of having been a member before one moment, which counts until another."""

    def judge(facts: GateFacts) -> Verdict:
        if facts.at >= until:
            return FAILED
        joined = facts.read(MEMBER_SINCE)
        if joined is UNSET:
            return Verdict(None, until)
        return FAILED if joined is None or joined >= since else Verdict(True, until)

    return judge
