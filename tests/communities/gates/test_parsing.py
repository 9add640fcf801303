"""Bad trees are refused with the path of the fault."""

from __future__ import annotations

from typing import Any

import pytest

from communities.errors import InvalidGate
from communities.gates.parsing import parse_tree, tree_json
from communities.gates.requirements import Invited, MinAge, VerifiedPhone
from communities.gates.trees import AllOf, AnyOf, AtLeast, NotOf

INVITE = {"type": "invite"}


def nested(levels: int) -> dict[str, Any]:
    tree: dict[str, Any] = dict(INVITE)
    for _ in range(levels - 1):
        tree = {"type": "all", "of": [tree]}
    return tree


def test_a_tree_is_read_from_json_and_written_back():
    raw = {
        "type": "all",
        "of": [
            {"type": "any", "of": [{"type": "min_age", "years": 18}, {"type": "verified_phone"}]},
            {"type": "not", "of": INVITE},
            {"type": "at_least", "k": 1, "of": [INVITE]},
        ],
    }
    tree = parse_tree(raw)
    assert tree == AllOf(
        of=(
            AnyOf(of=(MinAge(years=18), VerifiedPhone())),
            NotOf(of=Invited()),
            AtLeast(k=1, of=(Invited(),)),
        )
    )
    assert parse_tree(tree_json(tree)) == tree


@pytest.mark.parametrize(
    ("raw", "path", "text"),
    [
        (None, "", "Expected `object`, got `null`."),
        ([], "", "Expected `object`, got `array`."),
        ({}, "", "Object missing required field `type`."),
        ({"type": 1}, "type", "type: Expected `str`, got `int`."),
        ({"type": "magic"}, "magic.type", "magic.type: Invalid value 'magic'."),
        ({"type": "all"}, "all", "all: Object missing required field `of`."),
        ({"type": "all", "of": []}, "all", "all: Expected `array` of length >= 1."),
        ({"type": "all", "of": [INVITE, 3]}, "all[1]", "all[1]: Expected `object`, got `int`."),
        ({"type": "not", "of": [INVITE]}, "not", "not: Expected `object`, got `array`."),
        ({"type": "not", "of": {"type": "level"}}, "not.level", "not.level: Object missing required field `level`."),
        (
            {"type": "all", "of": [INVITE, {"type": "any", "of": [{"type": "min_age", "years": 0}]}]},
            "all[1].any[0].min_age.years",
            "all[1].any[0].min_age.years: Expected `int` >= 1.",
        ),
        (
            {"type": "any", "of": [{"type": "invite", "code": "secret"}]},
            "any[0].invite",
            "any[0].invite: Object contains unknown field `code`.",
        ),
        (
            {"type": "not", "of": {"type": "at_least", "k": 2, "of": [INVITE]}},
            "not.at_least.k",
            "not.at_least.k: At most as many as there are branches, 1.",
        ),
        (nested(6), "all[0].all[0].all[0].all[0].all[0].invite", None),
        (nested(5_000), "all[0].all[0].all[0].all[0].all[0].all", None),
        ({"type": "all", "of": [{"type": "any", "of": [INVITE] * 30}] * 2}, "all[1].any[20].invite", None),
    ],
)
def test_a_bad_tree_is_refused_with_the_path_of_the_fault(raw, path, text):
    with pytest.raises(InvalidGate) as refused:
        parse_tree(raw)
    assert refused.value.data == {"path": path}
    assert text is None or refused.value.text == text


def test_a_tree_as_deep_and_as_wide_as_may_be_is_taken():
    parse_tree(nested(5))
    parse_tree({"type": "all", "of": [INVITE] * 50})


@pytest.mark.parametrize("key", ["", "a b", "gold\n", "A", "a" * 61, "gold\0"])
def test_names_in_a_tree_are_plain(key):
    with pytest.raises(InvalidGate):
        parse_tree({"type": "entitlement", "key": key})
    with pytest.raises(InvalidGate):
        parse_tree({"type": "external", "service": key})
