"""A community of 100,000 members, in which half lose their way to read at once, by a change of the role that they have."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bench.gates.group import (
    READING,
    TALKING,
    Group,
    Person,
    let_in,
    new_community,
    new_people,
    new_role,
    new_room,
    two_gateways,
)
from bench.gates.revoked import call
from bench.gates.sockets import Member, Talk, open_sockets, percentile
from bench.results import Row, alone, at_most
from bench.servers import Services
from bench.works.measuring import Findings, Pace

MEMBERS, ONLINE, OTHERS, RATE = 100_000, 200, 20, 50.0
CALM_SECONDS, LONGEST_SECONDS = 15.0, 240.0
ONLINE_GOAL, STATEMENT_GOAL_MS, LATENCY_GOAL = 5.0, 200.0, 2.0
LOGGED_FROM_MS = 20
DURATION = re.compile(rb"LOG:  duration: ([0-9.]+) ms  (?:statement|execute [^:]*): *(.{0,90})", re.DOTALL)

# Bulk, as nobody signs up a hundred thousand times for a measurement: accounts, memberships, and the role of every other one.
_FILL = """
WITH users AS (
    INSERT INTO accounts_user SELECT (jsonb_populate_record(NULL::accounts_user, to_jsonb(model) || jsonb_build_object(
        'id', gen_random_uuid(), 'username', 'crowd' || number, 'email', 'crowd' || number || '@example.org'))).*
    FROM accounts_user model CROSS JOIN generate_series(%(first)s, %(last)s) AS number WHERE model.id = %(model)s
    RETURNING id
), members AS (
    INSERT INTO communities_membership SELECT (jsonb_populate_record(NULL::communities_membership, to_jsonb(model)
        || jsonb_build_object('id', gen_random_uuid(), 'user_id', users.id))).*
    FROM users CROSS JOIN communities_membership model WHERE model.id = %(membership)s
    RETURNING id
), numbered AS (SELECT id, row_number() OVER () AS number FROM members)
INSERT INTO communities_membershiprole (id, membership_id, role_id, granted_at)
SELECT gen_random_uuid(), id, %(role)s, now() FROM numbered WHERE number %% 2 = 0
"""
_FILLED_AT_ONCE = 5_000


@dataclass(frozen=True)
class Stage:
    """Who loses the rooms and is online, who does not and talks, and the role."""

    group: Group
    owner: Person
    community: Any
    room: Any
    crew: Any
    losers: list[Person]
    others: list[Person]


@dataclass
class Found:
    """Seconds from the call to what the losers' sockets were told, and of acknowledgements before and meanwhile."""

    call: float = 0.0
    revoked: float = 0.0
    changed: float = 0.0
    done: float = 0.0
    calm: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


def measure(pace: Pace) -> Findings:
    """Change the role while others talk, until the jobs are done."""
    members = round(MEMBERS * pace.scale)
    with two_gateways() as group:
        stage = _stage(group, members)
        with logged_durations(group.services) as durations:
            found = asyncio.run(_run(stage, CALM_SECONDS * max(0.5, pace.scale)))
    slowest = sorted(durations, reverse=True)[:3]
    return Findings(
        _rows(f"a role that half of {members:,} members have", found, slowest),
        notes=[
            f"The call returned after {found.call * 1000:.0f} ms, the jobs were done after {found.done:.1f} s.",
            *(f"{milliseconds:.0f} ms: {statement}" for milliseconds, statement in slowest),
        ],
    )


def _rows(work: str, found: Found, slowest: list[tuple[float, str]]) -> list[Row]:
    calm, busy = (percentile(late, 0.99) * 1000 for late in (found.calm, found.busy))
    return [
        alone(f"{work}: {ONLINE} online have lost the room", "s", found.revoked, "<=", ONLINE_GOAL),
        alone(f"{work}: {ONLINE} online are done", "s", found.changed, "<=", ONLINE_GOAL),
        alone(f"{work}: slowest statement", "ms", slowest[0][0] if slowest else 0.0, "<=", STATEMENT_GOAL_MS),
        at_most(f"{work}: p99 of others' sends", "ms", busy, "calm", calm, LATENCY_GOAL, sends=len(found.busy)),
    ]


def _stage(group: Group, members: int) -> Stage:
    owner, *people = new_people(0, 1 + ONLINE + OTHERS)
    community = new_community(owner)
    crew, staff = new_role(community, "Crew", READING), new_role(community, "Staff", TALKING)
    losers, others = people[:ONLINE], people[ONLINE:]
    let_in(community, others, staff)
    _fill(community, others[0], crew, members)
    let_in(community, losers, crew)
    room = new_room(community, "Hall")
    return Stage(group, owner, community, room, crew, losers, others)


def _fill(community: Any, model: Person, role: Any, amount: int) -> None:
    """Add members who are like one: half of them with the role. The losers come later, so their ids are the last."""
    from django.db import connection

    from communities.models import Membership

    membership = Membership.objects.get(community=community, user=model.user)
    with connection.cursor() as cursor:
        for first in range(0, amount, _FILLED_AT_ONCE):
            what = {"model": model.user.pk, "membership": membership.pk, "role": role.pk}
            cursor.execute(_FILL, {**what, "first": first + 1, "last": min(amount, first + _FILLED_AT_ONCE)})
        cursor.execute("ANALYZE")


async def _run(stage: Stage, calm_seconds: float) -> Found:
    found = Found()
    async with (
        open_sockets(stage.group.ports, [*stage.losers, *stage.others[1:]]) as members,
        open_sockets(stage.group.ports, stage.others[:1]) as (talker,),
        stage.group.rest(0) as rest,
    ):
        losers = members[:ONLINE]
        await asyncio.gather(*(member.follow("user", member.person.id) for member in losers))
        await asyncio.gather(*(member.follow("room", stage.room.pk) for member in members))
        talk = Talk(talker, stage.room, RATE)
        await asyncio.sleep(calm_seconds)
        began = time.monotonic()
        path = f"communities/{stage.community.pk}/roles/{stage.crew.pk}"
        await call(rest, stage.owner, "PATCH", path, {"permissions": []})
        found.call = time.monotonic() - began
        async with asyncio.timeout(LONGEST_SECONDS):
            found.revoked = max([await member.told() for member in losers]) - began
            found.changed = await _changed(losers) - began
            await _jobs_done()
        found.done = time.monotonic() - began
        await talk.stop()
    found.calm = [late for at, late in talk.late if began - calm_seconds * 0.8 < at < began - 0.5]
    found.busy = [late for at, late in talk.late if began <= at <= began + found.done]
    return found


async def _changed(members: list[Member]) -> float:
    """Wait until everybody has heard that their access changed: then their turn has come."""
    while any(member.changed_at is None for member in members):  # noqa: ASYNC110  # many sockets fill it
        await asyncio.sleep(0.05)
    return max(member.changed_at or 0.0 for member in members)


async def _jobs_done() -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    name = "communities.tasks.follow_up_change_of_role"
    waiting = ProcrastinateJob.objects.filter(task_name=name, status__in=["todo", "doing"])
    while await waiting.aexists():  # noqa: ASYNC110  # in a table
        await asyncio.sleep(0.25)


@contextmanager
def logged_durations(services: Services) -> Iterator[list[tuple[float, str]]]:
    """Have every statement of more than 20 ms in a list, in milliseconds and with its beginning, when the block has ended."""
    found: list[tuple[float, str]] = []
    log = services.postgres.child.program.log
    _log_from(services, LOGGED_FROM_MS)
    time.sleep(1)
    start = log.stat().st_size
    yield found
    time.sleep(1)
    _log_from(services, -1)
    with log.open("rb") as file:
        file.seek(start)
        for milliseconds, statement in DURATION.findall(file.read()):
            found.append((float(milliseconds), " ".join(statement.decode(errors="replace").split())))


def _log_from(services: Services, milliseconds: int) -> None:
    with psycopg.connect(services.postgres.url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET log_min_duration_statement = {milliseconds}")  # takes no parameters
        connection.execute("SELECT pg_reload_conf()")
