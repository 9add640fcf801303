"""What a person is told about a gate: each part in a sentence, whether they pass it, what is missing, and what to do next.

Hidden parameters (which role, which entitlement, which service) are in none of it: whoever explains asks requirements for sentences only.
"""

from __future__ import annotations

from collections.abc import Iterator

from communities.events import GateExplanation
from communities.gates.conditions import compile_tree, needed_of
from communities.gates.facts import GateFacts
from communities.gates.requirement import Requirement
from communities.gates.trees import AllOf, AnyOf, NotOf, Tree, branches_of
from kernel.decision import Missing, Remedy
from kernel.ids import CommunityId


def explain(tree: Tree, facts: GateFacts, community_id: CommunityId) -> GateExplanation:
    """Return the whole tree, explained. A remedy is given for what is not passed alone, and for nothing inside of a `not`."""
    return _explain(tree, facts, community_id, turned=False)


def missing_of(tree: Tree, facts: GateFacts, community_id: CommunityId) -> tuple[Missing, ...]:
    """Return what keeps the person out, each type once: requirements that are not passed, and a `not` as a whole."""
    found: dict[str, Missing] = {}
    for one in _missing(tree, facts, community_id):
        found.setdefault(one.requirement, one)
    return tuple(found.values())


def _explain(tree: Tree, facts: GateFacts, community_id: CommunityId, *, turned: bool) -> GateExplanation:
    passed, until = compile_tree(tree)(facts)
    leaf = tree if isinstance(tree, Requirement) else None
    inside = turned or isinstance(tree, NotOf)
    return GateExplanation(
        type=tree.type,
        passed=passed,
        text=_sentence(tree),
        remedy=None if leaf is None or turned or passed else _remedy(leaf, community_id),
        until=until,
        of=tuple(_explain(branch, facts, community_id, turned=inside) for branch in branches_of(tree)),
    )


def _missing(tree: Tree, facts: GateFacts, community_id: CommunityId) -> Iterator[Missing]:
    if compile_tree(tree)(facts).passed:
        return
    if isinstance(tree, Requirement):
        yield Missing(requirement=tree.type, remedy=_remedy(tree, community_id))
    elif isinstance(tree, NotOf):
        yield Missing(requirement=tree.type)
    else:
        for branch in branches_of(tree):
            yield from _missing(branch, facts, community_id)


def _remedy(leaf: Requirement, community_id: CommunityId) -> Remedy | None:
    remedy = leaf.remedy
    if remedy is None or remedy.route is None:
        return remedy
    return Remedy(text=remedy.text, route=remedy.route.replace("{community}", str(community_id)))


def _sentence(tree: Tree) -> str:
    if isinstance(tree, Requirement):
        return tree.sentence()
    if isinstance(tree, NotOf):
        return "This must not be so:"
    if isinstance(tree, AllOf):
        return "All of these:"
    return "One of these:" if isinstance(tree, AnyOf) else f"At least {needed_of(tree)} of these:"
