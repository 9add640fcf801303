"""Properties of gates that hold for every tree and all facts."""

from __future__ import annotations

import random
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from communities.gates.conditions import Grace, compile_tree, grandfathered
from communities.gates.parsing import parse_tree, tree_json
from communities.gates.trees import AllOf, AnyOf, AtLeast, NotOf, Tree, branches_of, facts_read_by
from communities.gates.verdicts import Verdict
from tests.communities.gates.strategies import NOW, at, complete_facts, later, moments, some_facts, trees


def judge(tree: Tree, values: dict, moment: datetime = NOW) -> Verdict:
    return compile_tree(tree)(at(moment, values))


@given(trees, trees, some_facts)
def test_a_gate_that_narrows_another_lets_nobody_in_whom_the_other_keeps_out(wide, own, values):
    narrowed = judge(AllOf(of=(wide, own)), values)
    if narrowed.passed:
        assert judge(wide, values).passed is True
    if judge(wide, values).passed is not True:
        assert narrowed.passed is not True


@given(st.lists(trees, min_size=1, max_size=3).map(tuple), some_facts)
def test_not_all_is_any_not_and_not_any_is_all_not(branches, values):
    opposites = tuple(NotOf(of=branch) for branch in branches)
    assert judge(NotOf(of=AllOf(of=branches)), values) == judge(AnyOf(of=opposites), values)
    assert judge(NotOf(of=AnyOf(of=branches)), values) == judge(AllOf(of=opposites), values)


@given(trees, some_facts)
def test_not_of_not_changes_nothing(tree, values):
    assert judge(NotOf(of=NotOf(of=tree)), values) == judge(tree, values)


@given(trees)
def test_who_is_unknown_passes_no_gate(tree):
    assert judge(tree, {}).passed is None


@given(trees, complete_facts, st.randoms())
def test_what_is_let_in_with_some_facts_unknown_stays_in_whatever_they_turn_out_to_be(tree, values, chance):
    guess = {fact: value for fact, value in values.items() if chance.random() < 0.6}
    guessed = judge(tree, guess).passed
    if guessed is not None:
        assert judge(tree, values).passed is guessed


@given(trees, some_facts)
def test_facts_that_the_tree_does_not_read_change_nothing(tree, values):
    reads = facts_read_by(tree)
    assert judge(tree, {fact: value for fact, value in values.items() if fact in reads}) == judge(tree, values)


@given(trees, some_facts, st.randoms(use_true_random=False))
def test_the_order_of_branches_does_not_matter(tree, values, chance):
    assert judge(_shuffled(tree, chance), values) == judge(tree, values)


@given(trees, some_facts, later)
def test_nothing_changes_before_the_verdict_says_that_it_may(tree, values, moment):
    verdict = judge(tree, values)
    if verdict.until is None or moment < verdict.until:
        assert judge(tree, values, moment).passed is verdict.passed


@given(trees, some_facts)
def test_the_moment_of_change_is_ahead(tree, values):
    until = judge(tree, values).until
    assert until is None or until > NOW


@given(st.lists(trees, min_size=1, max_size=3).map(tuple), some_facts)
def test_all_and_any_are_counts(branches, values):
    assert judge(AllOf(of=branches), values) == judge(AtLeast(k=len(branches), of=branches), values)
    assert judge(AnyOf(of=branches), values) == judge(AtLeast(k=1, of=branches), values)


@given(trees)
def test_a_tree_survives_json(tree):
    assert parse_tree(tree_json(tree)) == tree


@given(trees, some_facts, moments, moments, later)
def test_grace_only_lets_more_people_in_and_ends(tree, values, since, ends, moment):
    lenient = compile_tree(tree, Grace(since, dict.fromkeys(["member_for", "role", "verified_email", "level"], ends)))
    if judge(tree, values).passed:
        assert lenient(at(NOW, values)).passed is True
    verdict = lenient(at(NOW, values))
    if verdict.until is None or moment < verdict.until:
        assert lenient(at(moment, values)).passed is verdict.passed
    if moment >= ends:
        assert lenient(at(moment, values)).passed is judge(tree, values, moment).passed


@given(trees, trees, some_facts, moments, moments, later)
def test_grandfathering_holds_old_members_to_the_gate_before_until_it_ends(tree, old, values, since, ends, moment):
    lenient = grandfathered(compile_tree(tree), compile_tree(old), since, ends)
    verdict = lenient(at(NOW, values))
    if verdict.passed:
        assert True in (judge(tree, values).passed, judge(old, values).passed)
    if verdict.until is None or moment < verdict.until:
        assert lenient(at(moment, values)).passed is verdict.passed
    if moment >= ends:
        assert lenient(at(moment, values)).passed is judge(tree, values, moment).passed


def _shuffled(tree: Tree, chance: random.Random) -> Tree:
    branches = [_shuffled(branch, chance) for branch in branches_of(tree)]
    chance.shuffle(branches)
    if isinstance(tree, NotOf):
        return NotOf(of=branches[0])
    if isinstance(tree, AtLeast):
        return AtLeast(k=tree.k, of=tuple(branches))
    return type(tree)(of=tuple(branches)) if branches else tree
