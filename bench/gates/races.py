"""Joining, leaving, bans and an invite with one use left, all in the same moment, a thousand times: what must hold afterwards."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.gates.group import Person, new_people, use_django
from bench.ours import start_gateway
from bench.results import alone
from bench.servers import services
from bench.works.measuring import Findings, Pace

ROUNDS = 1_000
THREADS = 5
LONGEST_SECONDS = 300.0
OVERUSED, BANS_LOST, UNTOLD, ERRORS = "invites overused", "bans lost", "told otherwise than it is", "other errors"
SETTINGS = {"RATE_INVITE_CREATE_USER": "100000000/60", "RATE_INVITE_ACCEPT_USER": "100000000/60"}


@dataclass(frozen=True)
class Place:
    """An open community, its owner, and two who want in."""

    owner: Any
    community: Any
    people: Sequence[Person]


def measure(pace: Pace) -> Findings:
    """Race, each round in the same community with the same people, who are put back before it."""
    with services(core=None) as running:
        use_django(start_gateway(running, **SETTINGS).environment)
        place, outcomes = _place(), Counter[str]()
        wrong = Counter[str]()
        deadline = time.monotonic() + LONGEST_SECONDS
        with ThreadPoolExecutor(THREADS) as pool:
            for number in range(max(1, round(ROUNDS * pace.scale))):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"only {number} rounds in {LONGEST_SECONDS:g} s")
                wrong += _round(place, number, pool, outcomes)
            _close_connections(pool)
    work = f"join, leave, ban and an invite's last use raced {number + 1:,} times"
    rows = [alone(f"{work}: {kind}", "", wrong[kind], "<=", 0) for kind in (OVERUSED, BANS_LOST, UNTOLD, ERRORS)]
    return Findings(rows, notes=[f"Acts that went through: {dict(sorted(outcomes.items()))}."])


def _place() -> Place:
    from communities.actions.communities import create_community
    from communities.constants import JoinPolicy
    from communities.models import Community
    from kernel.actor import user_actor

    owner, *people = new_people(0, 3)
    actor = user_actor(owner.user.pk)
    made = create_community(actor, name="Races", slug="races-measured", join_policy=JoinPolicy.OPEN)
    return Place(actor, Community.objects.get(pk=made.id), people)


def _round(place: Place, number: int, pool: ThreadPoolExecutor, outcomes: Counter[str]) -> Counter[str]:
    """Let both accept the same invite, the first also join by themselves, leave, and be banned, at the same moment."""
    from communities.actions.invites import accept_invite, create_invite
    from communities.actions.memberships import ban_member, join_community, leave_community
    from kernel.actor import user_actor
    from kernel.ids import CommunityId, UserId

    here = CommunityId(place.community.pk)
    first, second = (user_actor(UserId(one.user.pk)) for one in place.people)
    _put_back(place, number)
    code = create_invite(place.owner, community_id=here, max_uses=1).code or ""
    acts: dict[str, Callable[[], object]] = {
        "invite, first": lambda: accept_invite(first, code=code),
        "invite, second": lambda: accept_invite(second, code=code),
        "join": lambda: join_community(first, community_id=here),
        "leave": lambda: leave_community(first, community_id=here),
        "ban": lambda: ban_member(place.owner, community_id=here, user_id=UserId(place.people[0].user.pk)),
    }
    start = threading.Barrier(len(acts))
    results = dict(zip(acts, pool.map(lambda act: _tried(act, start), acts.values()), strict=True))
    outcomes.update(name for name, error in results.items() if error is None)
    return _wrong(place, results)


def _tried(act: Callable[[], object], start: threading.Barrier) -> Exception | None:
    """Act when all are there; return what was raised."""
    start.wait()
    try:
        act()
    except Exception as error:  # noqa: BLE001  # it is judged below
        return error
    return None


def _put_back(place: Place, number: int) -> None:
    """Have the first be a member or not, by turns, and the second not; both were before. By actions, so that all is told."""
    from communities.actions.memberships import join_community, leave_community, unban_member
    from communities.models import Invite, Membership
    from kernel.actor import user_actor
    from kernel.ids import CommunityId, UserId

    here = CommunityId(place.community.pk)
    first, second = (UserId(one.user.pk) for one in place.people)
    statuses = dict(Membership.objects.filter(community=place.community).values_list("user_id", "status"))
    for user_id in (first, second):
        if user_id not in statuses:
            join_community(user_actor(user_id), community_id=here)
        if user_id not in statuses or statuses[user_id] == "active":
            leave_community(user_actor(user_id), community_id=here)
    unban_member(place.owner, community_id=here, user_id=first)
    if number % 2:
        join_community(user_actor(first), community_id=here)
    Invite.objects.filter(community=place.community).delete()


def _wrong(place: Place, results: dict[str, Exception | None]) -> Counter[str]:
    """Count what must not be after a round."""
    from communities.models import Invite, InviteUse, Membership
    from kernel.errors import DomainError

    invite = Invite.objects.get(community=place.community)
    uses = InviteUse.objects.filter(invite=invite).count()
    statuses = dict(Membership.objects.filter(community=place.community).values_list("user_id", "status"))
    first, second = (one.user.pk for one in place.people)
    return Counter(
        {
            OVERUSED: int(uses > 1 or invite.uses != uses or (uses == 0 and statuses[second] == "active")),
            BANS_LOST: int(results["ban"] is not None or statuses[first] != "banned"),
            UNTOLD: sum(_last_told(place, user) is not (statuses[user] == "active") for user in (first, second)),
            ERRORS: sum(error is not None and not isinstance(error, DomainError) for error in results.values()),
        }
    )


def _last_told(place: Place, user_id: Any) -> bool:
    """Return what the community's topic says last of a user: whether they are a member."""
    from eventlog.models import StoredEvent

    of_topic = StoredEvent.objects.filter(topic=f"community:{place.community.pk}", data__contains=str(user_id))
    told = of_topic.filter(type__in=["member.joined", "member.removed"]).order_by("-seq")
    return told.values_list("type", flat=True).first() == "member.joined"


def _close_connections(pool: ThreadPoolExecutor) -> None:
    """Give back the connection of each thread."""
    from django.db import connection

    start = threading.Barrier(THREADS)

    def close() -> None:
        start.wait()
        connection.close()

    for done in [pool.submit(close) for _ in range(THREADS)]:
        done.result()
    connection.close()
