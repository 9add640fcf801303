"""How soon a socket is told that it lost a room, beside how soon it is told of a message: both by a call over REST, under the same load."""

from __future__ import annotations

import asyncio
import time
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
from bench.gates.revoked import call
from bench.gates.sockets import Member, Talk, open_sockets, percentile
from bench.results import Row, at_most
from bench.works.measuring import Findings, Pace

MEMBERS, FOLLOWERS, RATE, REVOCATIONS = 40, 20, 100.0, 1_000
HANDS = 2
"""Calls at the same time."""
GOAL = 1.5
LONGEST_SECONDS = 240.0


@dataclass
class Late:
    """Seconds from the begin of a call, or from its return, until the socket was told; and of messages of the load."""

    revoked: list[float] = field(default_factory=list)
    returned: list[float] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """A room in which some only listen and others are taken out and let in again, by its owner."""

    group: Group
    owner: Person
    community: Any
    room: Any
    crew: Any
    people: list[Person]


def measure(pace: Pace) -> Findings:
    """Revoke a thousand times, with a message in between each time."""
    with two_gateways() as group:
        late = asyncio.run(_run(_stage(group), max(HANDS, round(REVOCATIONS * pace.scale))))
    findings = Findings([_row(late)])
    findings.notes.append(_told("from the return of the call until the socket is told", late.returned))
    findings.notes.append(_told("a message of the load, from socket to socket", late.sent))
    return findings


def _row(late: Late) -> Row:
    ours, message = (percentile(values, 0.99) * 1000 for values in (late.revoked, late.posted))
    middle = {"p50": percentile(late.revoked, 0.5) * 1000, "message_p50": percentile(late.posted, 0.5) * 1000}
    work = f"{len(late.revoked):,} revocations under load, p99 from the call to the socket that is told"
    return at_most(work, "ms", ours, "a message by REST", message, GOAL, **middle)


def _told(what: str, values: list[float]) -> str:
    shown = ", ".join(f"p{share} {percentile(values, share / 100) * 1000:.1f} ms" for share in (50, 99))
    return f"{what}: {shown}."


def _stage(group: Group) -> Stage:
    owner, *people = new_people(0, 2 + FOLLOWERS + MEMBERS)
    community = new_community(owner)
    crew, staff = new_role(community, "Crew", READING), new_role(community, "Staff", TALKING)
    let_in(community, people[: FOLLOWERS + 1], staff)
    let_in(community, people[FOLLOWERS + 1 :], crew)
    return Stage(group, owner, community, new_room(community, "Busy"), crew, people)


async def _run(stage: Stage, amount: int) -> Late:
    late = Late()
    async with (
        open_sockets(stage.group.ports, stage.people[1:]) as members,
        open_sockets(stage.group.ports, stage.people[:1]) as (talker,),
        stage.group.rest(0) as first,
        stage.group.rest(1) as second,
    ):
        followers, revoked = members[:FOLLOWERS], members[FOLLOWERS:]
        await asyncio.gather(*(member.follow("room", stage.room.pk) for member in members))
        talk = Talk(talker, stage.room, RATE, "load")
        hands = [
            _hand(stage, (first, second)[hand % 2], revoked[hand::HANDS], followers, amount // HANDS, late, hand)
            for hand in range(HANDS)
        ]
        async with asyncio.timeout(LONGEST_SECONDS):
            await asyncio.gather(*hands)
        await talk.stop()
        late.sent = [
            member.heard[body] - began
            for body, began in talk.said.items()
            for member in followers
            if body in member.heard
        ]
    return late


async def _hand(
    stage: Stage,
    rest: httpx.AsyncClient,
    revoked: list[Member],
    followers: list[Member],
    amount: int,
    late: Late,
    hand: int,
) -> None:
    """Revoke one after the other, by turns out of the room and without the role, and post a message after each."""
    for number in range(amount):
        member, follower = revoked[number % len(revoked)], followers[number % len(followers)]
        members = f"communities/{stage.community.pk}/members/{member.person.id}"
        ways = (
            (f"rooms/{stage.room.pk}/members/{member.person.id}", "POST", f"rooms/{stage.room.pk}/members"),
            (f"{members}/roles/{stage.crew.pk}", "PUT", f"{members}/roles/{stage.crew.pk}"),
        )
        away, method, back = ways[number // len(revoked) % 2]
        began = time.monotonic()
        await call(rest, stage.owner, "DELETE", away)
        returned = time.monotonic()
        told = await member.told()
        late.revoked.append(told - began)
        late.returned.append(max(0.0, told - returned))
        late.posted.append(await _post(stage, rest, follower, f"posted {hand} {number}"))
        await call(rest, stage.owner, method, back, {"user_id": member.person.id} if method == "POST" else None)
        await member.follow("room", stage.room.pk)


async def _post(stage: Stage, rest: httpx.AsyncClient, follower: Member, body: str) -> float:
    """Return the seconds from the begin of the call until a follower has the message."""
    began = time.monotonic()
    draft = {"body": body, "nonce": body.replace(" ", "-")}
    await call(rest, stage.owner, "POST", f"rooms/{stage.room.pk}/messages", draft)
    while body not in follower.heard:  # noqa: ASYNC110  # of a dictionary that a socket fills
        await asyncio.sleep(0.0005)
    return follower.heard[body] - began
