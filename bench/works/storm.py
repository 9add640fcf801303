"""A reconnect storm: sockets that are cut at once come back together, each with missed messages, while another room goes on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeVar

from bench.load import Plan, Run, Step, opened, stamp
from bench.ours import Gateway, Live, start_gateway
from bench.peers.baseline.contestant import Baseline
from bench.processes import SERVER_CORE, check_pinned
from bench.results import alone, at_most
from bench.servers import services
from bench.statements import counted_statements
from bench.works.measuring import Findings, Pace

RETURNING, MISSED = 2_000, 20
BYSTANDERS, RATE, CALM_SECONDS, LONGEST_SECONDS = 500, 50.0, 5.0, 240.0
CHECK_SECONDS = 1.0  # for what comes twice, after it was seen once
PEER_PARALLEL = 200  # with 2,000 at once the tutorial drops some, and never has them all back
HISTORY_PARALLEL = 50  # all at once, the tutorial takes every connection that PostgreSQL has and answers with errors
TIME_GOAL, STATEMENTS_GOAL, LATENCY_GOAL = 0.25, 0.1, 3.0
SAID = '{"t":"message.send","ref":"m","d":{"room":"{room}","body":"%s","nonce":"missed-%d"}}'
RESUME = '{"t":"topic.follow","ref":"f","d":{"topic":"room:{room}","after":%d}}'

Watched = TypeVar("Watched")


@dataclass(frozen=True)
class Return:
    """How long it took until all had everything, and what came doubled or out of place."""

    seconds: float
    violations: dict[str, int]


def measure(pace: Pace) -> Findings:
    """Cut and bring back everybody: on ours, on ours again to count statements, and on the tutorial, whose clients ask for history."""
    returning = round(RETURNING * pace.scale)
    with services() as running:
        gateway = start_gateway(running)
        check_pinned(gateway.pids, SERVER_CORE)
        calm, stormy, ours, _ = _among_bystanders(gateway, _storm(gateway, returning), nullcontext())
        again = _storm(gateway, returning)
        *_, counted, statements = _among_bystanders(gateway, again, counted_statements(running))
    with services() as running:
        peer_name = Baseline.name_of("pubsub")
        peer = _storm_on_the_tutorial(Baseline(running, "pubsub"), returning)
    work = f"storm of {returning:,}, {MISSED} missed each"
    p99 = stormy.latency_ms("p99"), calm.latency_ms("p99")
    per_client = statements.count / returning
    rows = [
        at_most(f"{work}: all caught up", "s", ours.seconds, peer_name, peer.seconds, TIME_GOAL),
        alone(f"{work}: SQL statements per client", "", per_client, "<=", STATEMENTS_GOAL, kinds=statements.kinds),
        at_most(
            f"{work}: p99 of others", "ms", p99[0], "calm", p99[1], LATENCY_GOAL, calm=calm.result, stormy=stormy.result
        ),
    ]
    found = {"ours": ours, "ours, counted": counted, peer_name: peer}
    broken = {name: back.violations for name, back in found.items() if back.violations}
    lost = {name: run.violations for name, run in {"calm": calm, "stormy": stormy}.items() if run.violations}
    return Findings(rows, notes=[f"The storm is void: {where}: {what}." for where, what in (broken | lost).items()])


def _storm(gateway: Gateway, returning: int) -> Plan:
    """Open everybody's sockets, cut them all, let one say what the others miss, and return how they come back."""
    prepared = gateway.prepare(returning, 1)
    plan = gateway.followers(returning, returning, prepared, b"")
    with opened(plan):
        pass
    sends = [Step((SAID % (stamp(number), number)).encode(), b'"t":"ok"') for number in range(MISSED)]
    with opened(replace(plan, sockets=1, members=1, steps=[*plan.steps, *sends])):
        pass
    resume = Step((RESUME % prepared.head).encode())
    return replace(
        plan,
        steps=[*plan.steps[:-1], resume],
        owed=MISSED,
        parallel=returning,
    )


def _come_back(plan: Plan) -> Return:
    """Return when every socket has read everything that it missed, in order."""
    with opened(plan) as back:
        return Return(float(back.ready["seconds"]), back.check(CHECK_SECONDS))


def _among_bystanders(
    gateway: Gateway, storm: Plan, watching: AbstractContextManager[Watched]
) -> tuple[Run, Run, Return, Watched]:
    """Return how another room fared before the storm and during all of it, the storm, and what was watched during it."""
    began = threading.Event()

    def begin() -> dict[str, float]:
        began.set()
        return {}

    with opened(Live(gateway).plan(BYSTANDERS, BYSTANDERS)) as load, ThreadPoolExecutor(1) as pool:
        calm = load.run(rate=RATE, warm=1, seconds=CALM_SECONDS)
        stormy = pool.submit(load.run, rate=RATE, warm=0, seconds=LONGEST_SECONDS, meter=begin)
        began.wait()
        try:
            with watching as watched, opened(storm) as back:
                load.stop()
                seen = Return(float(back.ready["seconds"]), back.check(CHECK_SECONDS))
            return calm, stormy.result(), seen, watched
        finally:
            load.stop()


def _storm_on_the_tutorial(baseline: Baseline, returning: int) -> Return:
    """Return the seconds in which all sockets are back and then all have their history: the server is busy throughout."""
    plan = replace(baseline.plan(returning, returning), parallel=PEER_PARALLEL)
    said = [stamp(number).encode() for number in range(MISSED)]
    sends = [Step(b'{"message":"%s"}' % text, text) for text in said]
    with opened(replace(plan, sockets=1, members=1, steps=[*plan.steps, *sends])):
        pass
    with opened(plan) as back:
        history = _come_back(_history(plan))
        return replace(history, seconds=history.seconds + float(back.ready["seconds"]))


def _history(plan: Plan) -> Plan:
    lines = ["GET /history/{room}/ HTTP/1.1", "Host: 127.0.0.1", "Cookie: sessionid={token}"]
    ask = Step(("\r\n".join(lines) + "\r\n\r\n").encode())
    return replace(plan, websocket=False, parallel=HISTORY_PARALLEL, steps=[ask], owed=MISSED)
