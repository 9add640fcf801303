"""What a gate costs on the path of messages: CPU time of the whole server group per delivery, with a gate of ten leaves and without."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from bench.gates.decisions import TREE
from bench.gates.group import use_django
from bench.load import Load, Plan, Run, opened
from bench.ours import Durable, start_gateway
from bench.results import at_most
from bench.servers import services
from bench.works.measuring import Findings, Measured, Pace, meter_of

SOCKETS, MEMBERS, RATE, SECONDS = 100, 5, 400.0, 6.0
ROUNDS = 4
GOAL = 1.05
NAMES = ("portcullis, durable", "portcullis, durable, gated")


def measure(pace: Pace) -> Findings:
    """Measure small rooms at a fixed rate, A-B-B-A: there a message is for few, so that its decision weighs most."""
    runs: tuple[list[Run], list[Run]] = ([], [])
    with services() as running:
        gateway = start_gateway(running)
        use_django(gateway.environment)
        ours = Durable(gateway)
        plans = [ours.plan(SOCKETS, MEMBERS) for _ in NAMES]
        _gate(plans[1])
        with opened(plans[0]) as plain, opened(plans[1]) as gated:
            loads = (plain, gated)
            for number in range(max(2, round(ROUNDS * pace.scale))):
                for which in (0, 1, 1, 0) if number % 2 == 0 else (1, 0, 0, 1):
                    runs[which].append(_run(loads[which], ours.pids, pace))
    found = [
        Measured(name, ours.version, MEMBERS, None, RATE, of_one) for name, of_one in zip(NAMES, runs, strict=True)
    ]
    work = f"durable sends in rooms of {MEMBERS} with a 10-leaf gate, CPU per delivery"
    row = at_most(work, "us", _cpu(runs[1]), "no gate", _cpu(runs[0]), GOAL)
    void = [f"{one.contestant}: a run is void: {one.violations}." for one in found if one.violations]
    return Findings([row], [one.figure() for one in found], void)


def _run(load: Load, pids: Sequence[int], pace: Pace) -> Run:
    return load.run(rate=RATE, warm=2 * pace.warm, seconds=max(2.0, SECONDS * pace.scale), meter=meter_of(pids))


def _cpu(runs: Sequence[Run]) -> float:
    """Return the microseconds per delivery of all runs together."""
    return sum(run.used["cpu"] for run in runs) * 1e6 / sum(int(run.result["deliveries"]) for run in runs)


def _gate(plan: Plan) -> None:
    """Put the gate on the plan's rooms, whose members all pass it."""
    from allauth.account.models import EmailAddress

    from accounts.models import User, VerifiedPhone
    from communities.access import GateDraft
    from communities.actions.gates import put_gate
    from communities.models import Membership
    from kernel.actor import SYSTEM
    from kernel.clock import now

    long_ago = now() - timedelta(days=100)
    users = list(User.objects.filter(username__startswith="bench"))
    User.objects.filter(pk__in=[user.pk for user in users]).update(created_at=long_ago)
    Membership.objects.filter(user__in=users).update(joined_at=long_ago)
    EmailAddress.objects.filter(user__in=users).delete()
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=f"{user.username}@example.org", primary=True, verified=True) for user in users
    )
    VerifiedPhone.objects.bulk_create(VerifiedPhone(user=user, number=f"+1555{n:07}") for n, user in enumerate(users))
    for room in plan.rooms:
        put_gate(SYSTEM, kind="room", resource_id=UUID(room), draft=GateDraft(tree=TREE))
