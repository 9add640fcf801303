"""From JSON to a tree and back. What is wrong with a tree is said with the path to it: `all[1].any[0].min_age.years`."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from communities.errors import InvalidGate
from communities.gates.trees import MAX_DEPTH, MAX_LEAVES, AtLeast, Tree, places_in

_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]")


def parse_tree(raw: object) -> Tree:
    """Return the tree that decoded JSON stands for. Raises `InvalidGate` with the path of the first fault."""
    _check_size(raw)
    try:
        tree: Tree = msgspec.convert(raw, Tree)
    except msgspec.ValidationError as error:
        raise _fault(raw, str(error)) from error
    _check_counts(tree)
    return tree


def tree_json(tree: Tree) -> dict[str, Any]:
    """Return the tree as plain values, which `parse_tree` reads back to the same tree."""
    plain: dict[str, Any] = msgspec.to_builtins(tree)
    return plain


def _check_size(raw: object) -> None:
    """Bound depth and leaves before anything recurses over what a client sent."""
    waiting, leaves = [(raw, _name(raw), 1)], 0
    while waiting:
        node, path, depth = waiting.pop()
        branches = _branches(node, path)
        leaves += not branches
        if depth > MAX_DEPTH:
            raise InvalidGate(f"{path}: A gate is at most {MAX_DEPTH} levels deep.", path=path)
        if leaves > MAX_LEAVES:
            raise InvalidGate(f"{path}: A gate has at most {MAX_LEAVES} requirements.", path=path)
        waiting += [(branch, f"{where}{_name(branch, '.')}", depth + 1) for where, branch in reversed(branches)]


def _branches(node: object, path: str) -> list[tuple[str, object]]:
    below = node.get("of") if isinstance(node, dict) else None
    if isinstance(below, list):
        return [(f"{path}[{index}]", branch) for index, branch in enumerate(below)]
    return [] if below is None else [(path, below)]


def _check_counts(tree: Tree) -> None:
    """A count that its branches cannot reach would shut everybody out, for ever."""
    for path, node in places_in(tree):
        if isinstance(node, AtLeast) and node.k > len(node.of):
            raise InvalidGate(f"{path}.k: At most as many as there are branches, {len(node.of)}.", path=f"{path}.k")


def _fault(raw: object, told: str) -> InvalidGate:
    """Say in words of the tree what the decoder says in words of JSON."""
    match = _WHERE.match(told)
    what, place = (match["what"], match["path"] or "") if match else (told, "")
    path, node = _name(raw), raw
    for step in _STEP.finditer(place):
        node = _step_into(node, step["name"] or int(step["index"]))
        path += _label(step, node)
    path = path.lstrip(".")
    return InvalidGate(f"{path}: {what}." if path else f"{what}.", path=path)


def _step_into(node: object, key: str | int) -> object:
    if isinstance(node, dict):
        return node.get(key)
    return node[key] if isinstance(node, list) and isinstance(key, int) and key < len(node) else None


def _label(step: re.Match[str], node: object) -> str:
    """Branches are named by their index and what they are; the name of the list that holds them is left out."""
    if step["index"] is not None:
        return f"[{step['index']}]{_name(node, '.')}"
    if step["name"] == "of":
        return _name(node, ".") if isinstance(node, dict) else ""
    return f".{step['name']}"


def _name(node: object, before: str = "") -> str:
    kind = node.get("type") if isinstance(node, dict) else None
    return f"{before}{kind[:40]}" if isinstance(kind, str) else ""
