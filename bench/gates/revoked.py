"""What reaches a socket after the call that revoked it has returned: nothing may. With Redis, without, and with a gateway paused."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

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
from bench.gates.sockets import Member, Talk, open_sockets
from bench.results import Row, alone
from bench.works.measuring import Findings, Pace

LOSERS, KEEPERS, RATE = 100, 10, 120.0
WITHHELD = 100_000
"""Events of each state that would have reached a socket, had it not been revoked before they were sent."""
CALLS_AT_ONCE = 4
SETTLE_SECONDS, ARRIVAL_SECONDS = 4.0, 60.0
GATE = {"type": "entitlement", "key": "pass"}
STATES = ("Redis up", "a gateway paused", "Redis down")


@dataclass
class Count:
    """Events that a revoked socket received and must not have, those that were kept from it, and sockets that were told."""

    received: int = 0
    withheld: int = 0
    told: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Stage:
    """One state: the room that is lost, who loses it in which way, and who keeps it."""

    group: Group
    owner: Person
    community: Any
    room: Any
    crew: Any
    losers: Sequence[Person]
    keepers: Sequence[Person]
    passes: dict[str, str]


def measure(pace: Pace) -> Findings:
    """Revoke by name in four ways, then all at once by a role that very many have, in each of the three states."""
    findings = Findings()
    messages = max(20, round(WITHHELD / LOSERS / 2 * pace.scale))
    with two_gateways(ACCESS_CHANGES_AT_ONCE=str(LOSERS // 2)) as group:
        for number, state in enumerate(STATES):
            counts = []
            for turn, revoke in enumerate((_by_name, _by_role)):
                stage = _stage(group, (2 * number + turn) * (LOSERS + KEEPERS + 1))
                counts.append(asyncio.run(_run(stage, state, revoke, messages)))
            findings.rows.append(_row(state, counts))
    return findings


def _row(state: str, counts: Sequence[Count]) -> Row:
    received, withheld, told = (sum(getattr(one, name) for one in counts) for name in ("received", "withheld", "told"))
    work = f"events at {len(counts) * LOSERS} revoked sockets after the call returned, of {withheld:,} sent: {state}"
    return alone(work, "", received, "<=", 0, withheld=withheld, told=told)


def _stage(group: Group, first: int) -> Stage:
    """Make a community whose room takes a role, a pass and not to be removed, so that it can be lost in many ways."""
    from communities.models import Entitlement

    owner, *people = new_people(first, LOSERS + KEEPERS + 1)
    losers, keepers = people[:LOSERS], people[LOSERS:]
    community = new_community(owner)
    crew, staff = new_role(community, "Crew", READING), new_role(community, "Staff", TALKING)
    let_in(community, losers, crew)
    let_in(community, keepers, staff)
    passes = Entitlement.objects.bulk_create(
        Entitlement(community=community, user=one.user, key="pass", source="grant") for one in (owner, *people)
    )
    room = new_room(community, "Gated", GATE)
    of_user = {str(one.user_id): str(one.pk) for one in passes}
    return Stage(group, owner, community, room, crew, losers, keepers, of_user)


async def _run(stage: Stage, state: str, revoke: Callable[..., Awaitable[dict[str, float]]], messages: int) -> Count:
    """Talk all the time, revoke everybody in the state, and go on to talk."""
    speaker, *keepers = stage.keepers
    ports = stage.group.ports
    async with (
        open_sockets(ports, [*stage.losers, *keepers]) as members,
        open_sockets(ports[1:], [speaker]) as (talker,),
        stage.group.rest(1) as rest,
    ):
        await asyncio.gather(*(member.follow("room", stage.room.pk) for member in members))
        talk = Talk(talker, stage.room, RATE)
        await asyncio.sleep(1)
        _disturb(stage.group, state)
        returned = await revoke(stage, rest)
        await talk.until(messages, max(returned.values()))
        if state == "a gateway paused":
            os.kill(stage.group.pids[0], signal.SIGCONT)
        await talk.stop()
        await _all_heard(members[LOSERS:], talk)
        await asyncio.sleep(SETTLE_SECONDS)
        return _count(members[:LOSERS], talk, returned)


def _disturb(group: Group, state: str) -> None:
    if state == "a gateway paused":
        os.kill(group.pids[0], signal.SIGSTOP)
    elif state == "Redis down" and group.services.redis.child.exit_code is None:
        group.services.redis.child.kill()


async def _by_name(stage: Stage, rest: httpx.AsyncClient) -> dict[str, float]:
    """Take the room from each in turn: out of the room, banned, without the role, without the pass. Return when each call had returned."""
    returned: dict[str, float] = {}
    room, community = f"rooms/{stage.room.pk}", f"communities/{stage.community.pk}"
    turns = asyncio.Semaphore(CALLS_AT_ONCE)

    async def take(number: int, loser: Person) -> None:
        ways = (
            ("DELETE", f"{room}/members/{loser.id}"),
            ("POST", f"{community}/members/{loser.id}/ban"),
            ("DELETE", f"{community}/members/{loser.id}/roles/{stage.crew.pk}"),
            ("DELETE", f"{community}/entitlements/{stage.passes[loser.id]}"),
        )
        async with turns:
            await call(rest, stage.owner, *ways[number % len(ways)])
        returned[loser.id] = time.monotonic()

    await asyncio.gather(*(take(number, loser) for number, loser in enumerate(stage.losers)))
    return returned


async def _by_role(stage: Stage, rest: httpx.AsyncClient) -> dict[str, float]:
    """Take everything from a role that too many have to name them."""
    await call(
        rest, stage.owner, "PATCH", f"communities/{stage.community.pk}/roles/{stage.crew.pk}", {"permissions": []}
    )
    at = time.monotonic()
    return {loser.id: at for loser in stage.losers}


async def call(rest: httpx.AsyncClient, person: Person, method: str, path: str, body: Any = None) -> Any:
    """Make a call. Raises `RuntimeError` when it is refused."""
    answer = await rest.request(method, path, json=body, headers={"Authorization": f"Bearer {person.token}"})
    if not answer.is_success:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
    return answer.json() if answer.content else None


async def _all_heard(members: Sequence[Member], talk: Talk) -> None:
    """Wait until who keeps the room has heard everything: then what went past the others would have come as well."""
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while any(len(member.heard) < len(talk.said) for member in members):
        if time.monotonic() > deadline:
            raise RuntimeError("who keeps the room did not hear everything")
        await asyncio.sleep(0.1)


def _count(losers: Sequence[Member], talk: Talk, returned: dict[str, float]) -> Count:
    count = Count()
    for loser in losers:
        after = {body for body, began in talk.said.items() if began > returned[loser.person.id]}
        count.received += len(after & loser.heard.keys())
        count.withheld += len(after - loser.heard.keys())
        count.told += loser.revoked_at is not None
    return count
