"""A reconnect storm: sockets that are cut at once come back together, each with missed messages, while another room goes on."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg

from bench.load import Load, Plan, Run, Step, opened
from bench.ours import Gateway, Live, start_gateway
from bench.peers.baseline.contestant import Baseline
from bench.results import Row, alone
from bench.servers import services
from bench.works.measuring import Findings, Pace

RETURNING, MISSED = 2_000, 20
BYSTANDERS, RATE, CALM_SECONDS = 500, 50.0, 5.0
HISTORY_PARALLEL = 50  # all at once, the tutorial takes every connection that PostgreSQL has and answers with errors
STATISTICS_SECONDS = 11.0  # an idle backend reports its counters within ten seconds
TIME_GOAL, TRANSACTIONS_GOAL, LATENCY_GOAL = 0.25, 0.1, 3.0
SAID = '{"t":"message.send","ref":"m","d":{"room":"{room}","body":"missed","nonce":"missed-%d"}}'
RESUME = '{"t":"topic.follow","ref":"f","d":{"topic":"room:{room}","after":%d}}'


def measure(pace: Pace) -> Findings:
    """Cut and bring back everybody, first on ours, then on the tutorial, whose clients ask the database for what they missed."""
    returning = round(RETURNING * pace.scale)
    with services() as running:
        gateway = start_gateway(running)
        ours, transactions, calm, stormy = _storm_on_ours(gateway, returning)
    with services() as running:
        peer_name = Baseline.name_of("pubsub")
        peer = _storm_on_the_tutorial(Baseline(running, "pubsub"), returning)
    p99 = [float(run.result["delivery_us"]["p99"]) / 1000 for run in (stormy, calm)]
    runs = {"calm": calm.result, "stormy": stormy.result}
    work = f"storm of {returning:,}, {MISSED} missed each"
    return Findings(
        [
            Row(f"{work}: all caught up", "s", ours, peer_name, peer, ours / peer, "<=", TIME_GOAL),
            alone(f"{work}: transactions per client", "", transactions / returning, "<=", TRANSACTIONS_GOAL),
            Row(f"{work}: p99 of others", "ms", p99[0], "calm", p99[1], p99[0] / p99[1], "<=", LATENCY_GOAL, runs),
        ],
        ["Transactions per returning client are a lower bound of the statements per client."],
    )


def _storm_on_ours(gateway: Gateway, returning: int) -> tuple[float, int, Run, Run]:
    """Return seconds until all have caught up, transactions meanwhile, and how bystanders fared before and during."""
    prepared = gateway.prepare(returning, 1)
    with opened(gateway.followers(returning, returning, prepared, b"")):
        pass
    first = gateway.followers(1, 1, prepared, b"")
    sends = [Step((SAID % number).encode(), b'"t":"ok"') for number in range(MISSED)]
    with opened(replace(first, steps=[*first.steps, *sends])):
        pass
    last = b'"seq":%d,' % (prepared.head + MISSED)
    plan = gateway.followers(returning, returning, prepared, b"")
    plan = replace(plan, steps=[*plan.steps[:-1], Step((RESUME % prepared.head).encode(), last)], parallel=returning)
    bystanders = Live(gateway).plan(BYSTANDERS, BYSTANDERS)
    with opened(bystanders) as load, ThreadPoolExecutor(1) as pool:
        calm = load.run(rate=RATE, warm=1, seconds=CALM_SECONDS)
        time.sleep(STATISTICS_SECONDS)
        before = _transactions(gateway)
        stormy = pool.submit(_run_for, load, _expected_seconds(returning))
        time.sleep(1)
        with opened(plan) as storm:
            seconds = float(storm.ready["seconds"])
        result = stormy.result()
        time.sleep(STATISTICS_SECONDS)
        return seconds, _transactions(gateway) - before, calm, result


def _run_for(load: Load, seconds: float) -> Run:
    return load.run(rate=RATE, warm=0, seconds=seconds)


def _expected_seconds(returning: int) -> float:
    """Return for how long bystanders are watched: about what the goal for connecting allows, and no less than a few seconds."""
    return max(5.0, returning / 200)


def _transactions(gateway: Gateway) -> int:
    url = gateway.environment["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        (count,) = connection.execute(query).fetchone() or (0,)
        return int(count)


def _storm_on_the_tutorial(baseline: Baseline, returning: int) -> float:
    """Return the seconds in which all sockets are back and then all have their history: the server is busy throughout."""
    plan = replace(baseline.plan(returning, returning), parallel=returning)
    sends = [Step(b'{"message":"missed-%d."}' % number, b'missed-%d."' % number) for number in range(MISSED)]
    with opened(replace(plan, sockets=1, members=1, steps=[*plan.steps, *sends])):
        pass
    with opened(plan) as back:
        seconds = float(back.ready["seconds"])
        with opened(_history(plan)) as asked:
            return seconds + float(asked.ready["seconds"])


def _history(plan: Plan) -> Plan:
    lines = ["GET /history/{room}/ HTTP/1.1", "Host: 127.0.0.1", "Cookie: sessionid={token}"]
    ask = "\r\n".join(lines) + "\r\n\r\n"
    return replace(
        plan, websocket=False, parallel=HISTORY_PARALLEL, steps=[Step(ask.encode(), b'missed-%d."' % (MISSED - 1))]
    )
