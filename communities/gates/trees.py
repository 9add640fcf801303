"""The tree of a gate: how requirements are put together, and what the whole reads. What it answers is in `conditions`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from communities.gates.facts import Fact
from communities.gates.requirement import GateNode, Requirement
from communities.gates.requirements import (
    AccountAge,
    Application,
    Entitled,
    External,
    HasRole,
    Invited,
    Level,
    MemberFor,
    MinAge,
    TwoFactor,
    VerifiedEmail,
    VerifiedPhone,
)

MAX_DEPTH = 5
MAX_LEAVES = 50

_Branches = Annotated[tuple["Tree", ...], msgspec.Meta(min_length=1, max_length=MAX_LEAVES)]


class AllOf(GateNode, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="all"):
    """Every branch has to be passed."""

    of: _Branches


class AnyOf(GateNode, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="any"):
    """One branch has to be passed."""

    of: _Branches


class AtLeast(GateNode, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="at_least"):
    """So many of the branches have to be passed."""

    k: Annotated[int, msgspec.Meta(ge=1, le=MAX_LEAVES)]
    of: _Branches


class NotOf(GateNode, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="not"):
    """The branch must not be passed, and it has to be known that it is not."""

    of: Tree


Leaf = (
    AccountAge
    | Application
    | Entitled
    | External
    | HasRole
    | Invited
    | Level
    | MemberFor
    | MinAge
    | TwoFactor
    | VerifiedEmail
    | VerifiedPhone
)
Tree = AllOf | AnyOf | AtLeast | NotOf | Leaf


def branches_of(tree: Tree) -> tuple[Tree, ...]:
    """Return what a node is made of; a requirement is made of nothing."""
    if isinstance(tree, NotOf):
        return (tree.of,)
    return tree.of if isinstance(tree, AllOf | AnyOf | AtLeast) else ()


def leaves_of(tree: Tree) -> Iterator[Requirement]:
    """Go through the requirements of a tree, from left to right."""
    if isinstance(tree, Requirement):
        yield tree
    for branch in branches_of(tree):
        yield from leaves_of(branch)


def places_in(tree: Tree, path: str | None = None) -> Iterator[tuple[str, Tree]]:
    """Go through the nodes of a tree with the path to each, in words of the tree: `all[1].not.verified_phone`."""
    path = tree.type if path is None else path
    yield path, tree
    for index, branch in enumerate(branches_of(tree)):
        place = path if isinstance(tree, NotOf) else f"{path}[{index}]"
        yield from places_in(branch, f"{place}.{branch.type}")


def services_asked_in(tree: Tree) -> frozenset[str]:
    """Return the names of the services outside that the tree's requirements ask."""
    return frozenset(leaf.service for leaf in leaves_of(tree) if isinstance(leaf, External))


def facts_read_by(tree: Tree) -> frozenset[Fact[Any]]:
    """Return the kinds of facts that the tree's requirements read."""
    return frozenset().union(*(leaf.reads for leaf in leaves_of(tree)))
