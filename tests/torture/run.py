"""One run: everybody comes, faults happen one after the other or two at once, everybody catches up, and the log is compared."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
import psycopg

from tests.torture.checker import Verdict, judge
from tests.torture.cluster import Cluster
from tests.torture.faults import EVERYTHING, MENU, PARTS, ROLLING_RESTART, Stage
from tests.torture.history import History, Row, Truth, Violation
from tests.torture.population import Population

ARRIVAL_SECONDS = 120.0
RECOVERY_SECONDS = 60.0
CATCH_UP_SECONDS = 30.0
SETTLED_SECONDS = 30.0
PAUSE_SECONDS = (1.0, 3.0)
SHOWN_TROUBLES = 5
PAIRS = 0.35
SILENCES = 0.5
SILENT_AFTER_SECONDS = 3.0


class Happened(msgspec.Struct):
    """A fault, or two at once, and what everybody counted from the begin to that of the next.

    `recovered_seconds` are from its end, or from that of the silence after it, until somebody's new message is
    acknowledged and everybody is connected.
    """

    names: tuple[str, ...]
    note: str
    seconds: float
    recovered_seconds: float
    counts: dict[str, int]


class Result(msgspec.Struct):
    """The whole run."""

    seed: int
    seconds: float
    faults: list[Happened]
    counts: dict[str, int]
    verdict: Verdict


Say = Callable[[Happened], None]


def schedule(names: Sequence[str], chance: random.Random) -> Iterator[tuple[str, ...]]:
    """Yield faults for ever: each of the names before any comes again; after the first round sometimes two at once, of different parts."""
    for round_number in itertools.count():
        for name in chance.sample(list(names), len(names)):
            others = [other for other in names if EVERYTHING not in (PARTS[other], PARTS[name])]
            apart = [other for other in others if PARTS[other] != PARTS[name]]
            yield (name, chance.choice(apart)) if round_number and apart and chance.random() < PAIRS else (name,)


class Run:
    """Plays faults on a cluster with its population."""

    def __init__(self, cluster: Cluster, population: Population, stage: Stage, say: Say) -> None:
        self._cluster = cluster
        self._population = population
        self._stage = stage
        self._say = say

    @property
    def _history(self) -> History:
        return self._population.history

    async def play(self, names: Sequence[str], *, faults: int, seconds: float, seed: int) -> Result:
        """Play so many faults of these names, no new one after so many seconds, and judge."""
        began = time.monotonic()
        happened: list[Happened] = []
        await self._cluster.start()
        try:
            await self._population.start(ARRIVAL_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS[1])
            for together in schedule(names, self._stage.chance):
                if sum(len(one.names) for one in happened) >= faults or time.monotonic() - began > seconds:
                    break
                happened.append(await self._one(together))
                self._say(happened[-1])
            await self._end()
        finally:
            await self._population.leave()
            await self._cluster.stop()
        truth = await asyncio.to_thread(read_log, self._cluster.postgres.url)
        counts = dict(self._population.totals())
        return Result(seed, time.monotonic() - began, happened, counts, judge(self._history, truth))

    async def _one(self, names: tuple[str, ...]) -> Happened:
        """Play a fault or two, wait until everybody is back, and let things be for a moment."""
        before, began = self._population.totals(), time.monotonic()
        silence = asyncio.create_task(self._fall_silent(names))
        notes = await asyncio.gather(*(self._harm(name) for name in names))
        over = time.monotonic()
        if await silence:
            await self._check_silence(" and ".join(names))
        resumed = time.monotonic()
        if complaint := await self._recovered():
            self._history.violations.append(Violation("did not recover", f"{' and '.join(names)}: {complaint}"))
        recovered = time.monotonic()
        if names == (ROLLING_RESTART,):
            self._check_obedient(began)
        await asyncio.sleep(self._stage.chance.uniform(*PAUSE_SECONDS))
        counts = self._population.totals()
        counts.subtract(before)
        moved = {key: count for key, count in counts.items() if count}
        return Happened(names, "; ".join(filter(None, notes)), over - began, recovered - resumed, moved)

    async def _harm(self, name: str) -> str:
        try:
            return await MENU[name](self._stage)
        except TimeoutError:
            self._history.violations.append(Violation("did not recover", f"{name} was not over in time"))
            return "not over in time"

    async def _fall_silent(self, names: tuple[str, ...]) -> bool:
        """Now and then let nobody speak any more from some moment of the fault on; tell whether that is so."""
        if ROLLING_RESTART not in names and self._stage.chance.random() < SILENCES:
            await asyncio.sleep(self._stage.chance.uniform(0, SILENT_AFTER_SECONDS))
            self._population.silent = True
        return self._population.silent

    async def _check_silence(self, fault: str) -> None:
        """What was said last must arrive too, although nothing follows that would show a gap."""
        if not await self._caught_up():
            text = f"{fault}: the last messages did not reach everybody within {CATCH_UP_SECONDS:g} s of silence"
            self._history.violations.append(Violation("not caught up", text))
        await self._check_presence(fault)
        self._population.silent = False

    async def _check_presence(self, moment: str) -> None:
        """When all is calm, everybody must be shown as what they are."""
        for complaint in await self._population.shown_truly(SETTLED_SECONDS):
            text = f"{moment}: after {SETTLED_SECONDS:g} s {complaint}"
            self._history.violations.append(Violation("presence not true", text))

    async def _recovered(self) -> str:
        """Wait until a message is acknowledged again and everybody is connected; return what is missing after too long."""
        if not await self._population.acknowledged_again(RECOVERY_SECONDS):
            return f"no message was acknowledged within {RECOVERY_SECONDS:g} s"
        missing = await self._population.all_live(RECOVERY_SECONDS)
        return f"{len(missing)} clients were away after {RECOVERY_SECONDS:g} s: {missing[:3]}" if missing else ""

    def _check_obedient(self, since: float) -> None:
        """Who left when they were asked to must not have seen an error."""
        seen = [trouble for client in self._population.clients for trouble in client.troubles if trouble.at >= since]
        for trouble in seen[:SHOWN_TROUBLES]:
            self._history.violations.append(
                Violation("rolling restart", f"{trouble.client}: {trouble.what} after {trouble.at - since:.1f} s")
            )

    async def _end(self) -> None:
        """Stop the talk, and give everybody a bounded time to have everything."""
        await self._population.quiet_down(RECOVERY_SECONDS)
        await self._caught_up()
        await self._check_presence("at the end")
        await self._population.let_some_go()
        await self._check_presence("when some had gone")

    async def _caught_up(self) -> bool:
        """Wait until every client is at the head of each of its topics; False when that takes too long."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while time.monotonic() < deadline:
            heads = await asyncio.to_thread(read_heads, self._cluster.postgres.url)
            if all(cursor == heads.get(topic) for topic, cursor in self._population.cursors()):
                return True
            await asyncio.sleep(0.3)
        return False


def read_heads(url: str) -> dict[str, int]:
    """Return the newest seq of every room and community; of none while PostgreSQL is away."""
    try:
        connection = psycopg.connect(url, connect_timeout=5)
    except psycopg.OperationalError:
        return {}
    with connection:
        rows = connection.execute(
            "SELECT topic, max(seq) FROM eventlog_event WHERE topic ~ '^(room|community):' GROUP BY topic"
        )
        return dict(rows.fetchall())


def read_log(url: str) -> Truth:
    """Read every event of every room and community, past all code that is under test."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT topic, seq, type, data FROM eventlog_event WHERE topic ~ '^(room|community):' ORDER BY topic, seq"
        )
        return Truth((topic, Row(seq, kind, msgspec.json.decode(data))) for topic, seq, kind, data in rows)


def kinds(violations: Sequence[Violation]) -> Counter[str]:
    """Count violations by kind."""
    return Counter(violation.kind for violation in violations)
