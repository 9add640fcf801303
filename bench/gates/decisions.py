"""`decide()` for one and for many, with a gate of ten leaves: statements, and CPU time of one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from bench.gates.group import use_django
from bench.ours import start_gateway
from bench.results import Row, alone
from bench.servers import services
from bench.works.measuring import Findings, Pace

MEMBERS, CALLS, ROUNDS = 10_000, 5_000, 5

# Ten leaves, of which every member of the measurement passes enough, so that all of them are judged.
TREE: dict[str, Any] = {
    "type": "all",
    "of": [
        {"type": "verified_email"},
        {"type": "account_age", "days": 3},
        {"type": "member_for", "days": 1},
        {"type": "not", "of": {"type": "two_factor"}},
        {"type": "any", "of": [{"type": "verified_phone"}, {"type": "min_age", "years": 18}, {"type": "application"}]},
        {"type": "at_least", "k": 1, "of": [{"type": "invite"}, {"type": "verified_email"}, {"type": "two_factor"}]},
    ],
}


def measure(pace: Pace) -> Findings:  # noqa: ARG001  # it takes seconds
    """Measure on rows that are never committed."""
    with services(core=None) as running:
        use_django(start_gateway(running).environment)
        from django.db import connection, transaction

        with transaction.atomic():
            rows = _measure()
            transaction.set_rollback(True)
        connection.close()
    return Findings(rows)


def _measure() -> list[Row]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from msgspec.structs import replace

    from communities.access import Question, community_resource, database_facts, decide, decide_many, evaluate
    from communities.constants import Permission
    from kernel.actor import user_actor

    community, user_ids = _community()
    gated, view = community_resource(community), Permission.VIEW_COMMUNITY
    open_resource = replace(gated, gates=())
    with CaptureQueriesContext(connection) as for_one:
        decision = decide(user_actor(user_ids[0]), view, gated)
    with CaptureQueriesContext(connection) as for_all:
        decisions = decide_many(user_ids, view, gated)
    if not (decision.allowed and all(one.allowed for one in decisions.values())):
        raise RuntimeError("every member of the measurement passes its gate")
    facts = database_facts.load([Question(user_actor(user_id), view, gated) for user_id in user_ids])
    with_gate = _cpu(lambda: [evaluate(facts[0], view, gated) for _ in range(CALLS)])
    without = _cpu(lambda: [evaluate(facts[0], view, open_resource) for _ in range(CALLS)])
    many = _cpu(lambda: [evaluate(one, view, gated) for one in facts])
    whole = _cpu(lambda: decide_many(user_ids, view, gated))
    pure = "evaluate() of one, 10-leaf gate, CPU"
    return [
        alone("decide() for one actor, 10-leaf gate: SQL statements", "", len(for_one), "<=", 2),
        alone(f"decide() for {MEMBERS:,} members, 10-leaf gate: SQL statements", "", len(for_all), "<=", 2),
        alone(pure, "us", statistics.median(with_gate) / CALLS * 1e6, "<=", 50, rounds=with_gate),
        _shown("the same without a gate", "us", statistics.median(without) / CALLS * 1e6),
        alone(f"evaluate() of {MEMBERS:,} members, CPU", "ms", statistics.median(many) * 1e3, "<=", 100, rounds=many),
        _shown(
            f"decide() for {MEMBERS:,} members with loading, CPU of our process", "ms", statistics.median(whole) * 1e3
        ),
    ]


def _shown(work: str, unit: str, value: float) -> Row:
    return Row(work, unit, value, "", None, None, "<=", None)


def _cpu(act: Callable[[], object]) -> Sequence[float]:
    """Return the CPU seconds of each of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        act()
        rounds.append(time.process_time() - began)
    return rounds


def _community() -> tuple[Any, list[Any]]:
    """Make a community with a gate, whose members all pass it."""
    from allauth.account.models import EmailAddress

    from accounts.models import User, VerifiedPhone
    from communities.access import COMMUNITY_KIND, GateDraft
    from communities.actions.communities import create_community
    from communities.actions.gates import put_gate
    from communities.models import Community, Membership
    from kernel.actor import SYSTEM, user_actor
    from kernel.clock import now
    from kernel.ids import UserId

    long_ago = now() - timedelta(days=100)
    users = [
        User(username=f"gate{n}", display_name="Gate", email=f"gate{n}@example.org", created_at=long_ago)
        for n in range(MEMBERS)
    ]
    User.objects.bulk_create(users)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True, verified=True) for user in users
    )
    VerifiedPhone.objects.bulk_create(VerifiedPhone(user=user, number=f"+1555{n:07}") for n, user in enumerate(users))
    made = create_community(user_actor(UserId(users[0].pk)), name="Gates", slug="gates-measured")
    community = Community.objects.get(pk=made.id)
    Membership.objects.bulk_create(Membership(community=community, user=user, joined_at=long_ago) for user in users[1:])
    Membership.objects.filter(community=community).update(joined_at=long_ago)
    put_gate(SYSTEM, kind=COMMUNITY_KIND, resource_id=community.pk, draft=GateDraft(tree=TREE))
    community.refresh_from_db()
    return community, [UserId(user.pk) for user in users]
