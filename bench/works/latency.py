"""Latency of a fan-out at fixed rates: messages are sent when they are due, whether or not the server has kept up."""

from __future__ import annotations

from dataclasses import replace

from bench.ours import Durable, Live, start_gateway
from bench.servers import Contestant, services
from bench.works.fanout import peer_makers, tutorial_makers
from bench.works.measuring import Findings, Pace, available
from bench.works.turns import Turn, at_rates

MEMBERS = 500
RATES = (5.0, 20.0, 50.0, 100.0, 200.0)
ROUNDS = 2


def measure(pace: Pace) -> Findings:
    """Measure all contestants at the lowest rate, and those that keep up at the next. There is no goal but to be shown."""
    findings = Findings()
    with services() as running:
        gateway = start_gateway(running)
        ours: list[Contestant] = [Live(gateway), Durable(gateway)]
        peers = available([*peer_makers(running), *tutorial_makers(running)], findings)
        turns = [Turn(one, MEMBERS) for one in (*ours, *peers)]
        found = at_rates(turns, RATES, replace(pace, rounds=ROUNDS, seconds=2 * pace.seconds))
    findings.figures = [measured.figure() for measured in found]
    findings.notes += [
        f"{one.contestant} does not keep up with {one.rate:g} messages/s." for one in found if not one.keeps_up
    ]
    return findings
