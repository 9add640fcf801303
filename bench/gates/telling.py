"""How soon a socket is told that it lost a room, beside how soon sockets have a message of that time: from the commit, from the call.

When something was committed is asked of PostgreSQL, which keeps it for this measurement.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
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
from bench.results import Row, at_most
from bench.servers import wait_for
from bench.works.measuring import Findings, Pace
from project.embedded.postgres import takes_connections

MEMBERS, FOLLOWERS, RATE, REVOCATIONS = 40, 20, 100.0, 1_000
HANDS = 2
"""Calls at the same time."""
GOAL = 1.5
LONGEST_SECONDS, SETTLE_SECONDS = 240.0, 5.0
_COMMITS = """
SELECT type, data, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM eventlog_event
WHERE topic = %s AND type IN ('access.revoked', 'message.created') ORDER BY seq
"""


@dataclass
class Late:
    """Seconds until a socket was told of a revocation: from its commit, the begin of the call, and its return; and so of messages.

    `told` are the moments at which a user was told, in order, by the clock of the machine.
    """

    told: dict[str, list[float]] = field(default_factory=dict)
    committed: list[float] = field(default_factory=list)
    called: list[float] = field(default_factory=list)
    returned: list[float] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)
    message_committed: list[float] = field(default_factory=list)
    message_sent: list[float] = field(default_factory=list)


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
    """Revoke a thousand times, with a message by REST in between each time, while others talk."""
    with two_gateways() as group:
        _keep_commit_times(group)
        late = asyncio.run(_run(_stage(group), max(HANDS, round(REVOCATIONS * pace.scale))))
    amount = f"{len(late.called):,} revocations under load"
    findings = Findings(
        [
            _row(f"{amount}: from the commit to the socket that is told, p99", late.committed, late.message_committed),
            _row(f"{amount}: from the call over REST to the socket, p99", late.called, late.message_sent),
        ]
    )
    findings.notes.append(_told("From the return of the revoking call until the socket is told", late.returned))
    findings.notes.append(_told("From the call until a socket has a message that is posted over REST", late.posted))
    return findings


def _row(work: str, ours: list[float], messages: list[float]) -> Row:
    middle = {"p50": percentile(ours, 0.5) * 1000, "message_p50": percentile(messages, 0.5) * 1000}
    own, message = (percentile(values, 0.99) * 1000 for values in (ours, messages))
    return at_most(work, "ms", own, "a message by socket", message, GOAL, **middle)


def _told(what: str, values: list[float]) -> str:
    shown = ", ".join(f"p{share} {percentile(values, share / 100) * 1000:.1f} ms" for share in (50, 99))
    return f"{what}: {shown}."


def _keep_commit_times(group: Group) -> None:
    """Restart PostgreSQL with a setting that it takes at its start; everybody connects again."""
    postgres = group.services.postgres
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    postgres.child.stop()
    postgres.child.start()
    wait_for(lambda: takes_connections(postgres.url), "PostgreSQL")
    time.sleep(SETTLE_SECONDS)


def _from_commits(late: Late, stage: Stage, followers: list[Member]) -> None:
    """Work out how long after its commit each revocation and each message was told, once all is said."""
    ahead = time.time() - time.monotonic()
    with psycopg.connect(stage.group.environment["DATABASE_URL"]) as connection:
        rows = connection.execute(_COMMITS, [f"room:{stage.room.pk}"]).fetchall()
    waiting = {user: iter(moments) for user, moments in late.told.items()}
    for kind, data, committed in rows:
        event = msgspec.json.decode(data)
        if kind == "access.revoked":
            late.committed.append(next(waiting[event["user"]]) + ahead - committed)
        elif (body := event["message"]["body"]).startswith("load"):
            heard = [member.heard[body] for member in followers if body in member.heard]
            late.message_committed += [at + ahead - committed for at in heard]


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
        late.message_sent = [
            member.heard[body] - began
            for body, began in talk.said.items()
            for member in followers
            if body in member.heard
        ]
        _from_commits(late, stage, followers)
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
        late.told.setdefault(member.person.id, []).append(told)
        late.called.append(told - began)
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
