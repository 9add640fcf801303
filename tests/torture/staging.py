"""Puts a run together from what the command line asks for. Needs Django set up on the cluster's services."""

from __future__ import annotations

import argparse
import random

import uvloop

from tests.torture import people
from tests.torture.clock import find_clock
from tests.torture.cluster import Cluster
from tests.torture.faults import CLOCK_STEPS, MENU, SHORT_MENU, Stage
from tests.torture.history import History
from tests.torture.population import Population, Size
from tests.torture.run import Result, Run, Say

OUTSIDERS = 4
ROOMS = 5


def play(running: Cluster, options: argparse.Namespace, say: Say) -> tuple[Result, History]:
    """Make the people, let them come, play the faults and judge. Raises `SystemExit` for a fault that is not on the menu."""
    names = chosen(options.only, short=options.short)
    size = Size(options.members, options.devices, OUTSIDERS, ROOMS, options.rate)
    cast = people.prepare(size.members, size.outsiders, size.rooms)
    rest = [gateway.url for gateway in running.group.gateways]
    population = Population(cast, size, running, rest, options.seed)
    clock = find_clock() if CLOCK_STEPS in names else None
    stage = Stage(running, population, random.Random(options.seed), options.longest, clock)
    run = Run(running, population, stage, say)
    result = uvloop.run(run.play(names, faults=options.faults, seconds=options.seconds, seed=options.seed))
    return result, population.history


def chosen(only: list[str] | None, *, short: bool) -> list[str]:
    """Return the names of the faults that are played."""
    unknown = set(only or ()) - MENU.keys()
    if unknown:
        raise SystemExit(f"There is no fault {', '.join(sorted(unknown))}. There are: {', '.join(sorted(MENU))}.")
    return only or (list(SHORT_MENU) if short else list(MENU))
