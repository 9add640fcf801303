"""The questions that every surface asks: may this actor, which of these users may. Loading is the fact source's, rules are `evaluate`'s."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from communities.access.database import database_facts
from communities.access.evaluation import evaluate
from communities.access.facts import FactSource, Question
from communities.access.resources import Resource
from communities.constants import PermissionName
from kernel.actor import Actor, user_actor
from kernel.decision import Decision, refusal
from kernel.ids import UserId


def decide(
    actor: Actor, permission: PermissionName, resource: Resource, *, facts: FactSource = database_facts
) -> Decision:
    """Return whether `actor` may do `permission` with `resource`; at most two queries."""
    return decide_all([Question(actor, permission, resource)], facts=facts)[0]


def decide_many(
    user_ids: Iterable[UserId], permission: PermissionName, resource: Resource, *, facts: FactSource = database_facts
) -> dict[UserId, Decision]:
    """Return the decision for each of these users, in the same number of queries as for one."""
    users = list(dict.fromkeys(user_ids))
    answers = decide_all([Question(user_actor(user_id), permission, resource) for user_id in users], facts=facts)
    return dict(zip(users, answers, strict=True))


def decide_all(questions: Sequence[Question], *, facts: FactSource = database_facts) -> list[Decision]:
    """Return the answer to each question, in order; actors and resources may all differ. At most two queries per kind.

    The system itself (imports, seeds, jobs) is always allowed, and nothing is loaded for it.
    """
    asked = [question for question in questions if question.actor.kind != "system"]
    loaded = iter(facts.load(asked)) if asked else iter(())
    return [
        Decision(allowed=True)
        if question.actor.kind == "system"
        else evaluate(next(loaded), question.permission, question.resource)
        for question in questions
    ]


def require(
    actor: Actor, permission: PermissionName, resource: Resource, *, facts: FactSource = database_facts
) -> Decision:
    """Return the decision when it allows. Raises `NotFound` for what the actor may not know of, else why it is refused."""
    decision = decide(actor, permission, resource, facts=facts)
    if not decision.allowed:
        raise refusal(decision)
    return decision
