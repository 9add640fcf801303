"""Growing delays: exact numbers, the same in Redis and in memory, and a machine that tries everything a stranger could do."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest
import redis
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kernel.lockouts import Begun, DelayRule
from project.lockouts import REMEMBERED_MAX, MemoryLockouts, RedisLockouts, lockouts_from_settings

RULE = DelayRule(free=5, first=30, longest=900, kept=86_400, crowd_max=100)
SMALL = DelayRule(free=2, first=30, longest=200, kept=1_000, crowd_max=6)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "redis"])
def lockouts(request: pytest.FixtureRequest, clock: Clock, settings: Any) -> MemoryLockouts | RedisLockouts:
    if request.param == "memory":
        return MemoryLockouts(clock)
    return RedisLockouts(redis.Redis.from_url(settings.REDIS_URL), clock)


@pytest.fixture
def name() -> str:
    return uuid4().hex


def test_the_delay_after_each_failure_is_published() -> None:
    delays = [RULE.delay_after(failures) for failures in range(13)]
    assert delays == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert RULE.delay_after(10_000) == 900
    assert [RULE.delay_after(failures, crowded=True) for failures in range(4)] == [0, 30, 60, 120]


def test_each_failure_after_the_free_ones_makes_the_next_attempt_wait_twice_as_long(
    lockouts: MemoryLockouts, clock: Clock, name: str
) -> None:
    waits = []
    for _ in range(10):
        while (begun := lockouts.begin(RULE, name, None)).wait:
            waits.append(begun.wait)
            clock.now += begun.wait
    assert waits == [30, 60, 120, 240, 480]


def test_an_attempt_that_waits_is_not_counted(lockouts: MemoryLockouts, clock: Clock, name: str) -> None:
    for _ in range(5):
        assert lockouts.begin(RULE, name, None).wait == 0
    assert [lockouts.begin(RULE, name, None).wait for _ in range(50)] == [30] * 50
    clock.now += 30
    assert lockouts.begin(RULE, name, None) == Begun(0, 5)


def test_looking_counts_nothing(lockouts: MemoryLockouts, name: str) -> None:
    lockouts.begin(RULE, name, f"{name}:crowd")
    assert [lockouts.look(RULE, name, f"{name}:crowd") for _ in range(20)] == [Begun(0, 1)] * 20


def test_failures_are_forgotten_with_time_and_with_success(lockouts: MemoryLockouts, clock: Clock, name: str) -> None:
    for _ in range(5):
        lockouts.begin(RULE, name, None)
    clock.now += RULE.kept
    assert lockouts.look(RULE, name, None) == Begun(0, 0)
    for _ in range(5):
        lockouts.begin(RULE, name, None)
    lockouts.forget(name)
    assert lockouts.begin(RULE, name, None) == Begun(0, 0)


def test_in_a_crowd_of_strangers_each_bucket_has_one_free_failure(
    lockouts: MemoryLockouts, clock: Clock, name: str
) -> None:
    crowd = f"{name}:crowd"
    for number in range(100):
        assert lockouts.begin(RULE, f"{name}:{number}", crowd) == Begun(0, 0)
    newcomer = f"{name}:newcomer"
    assert lockouts.begin(RULE, newcomer, crowd) == Begun(0, 0, crowded=True)
    assert lockouts.begin(RULE, newcomer, crowd) == Begun(30, 1, crowded=True)
    assert lockouts.begin(RULE, f"{name}:known-device", None) == Begun(0, 0)
    clock.now += RULE.kept
    assert lockouts.begin(RULE, newcomer, crowd) == Begun(0, 0)


def test_of_attempts_at_once_no_more_pass_than_are_free(name: str) -> None:
    lockouts = lockouts_from_settings()
    passed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: passed.extend(not lockouts.begin(RULE, name, None).wait for _ in range(5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (passed.count(True), passed.count(False)) == (5, 15)


def test_counters_leave_redis_when_they_are_forgotten(name: str, settings: Any) -> None:
    lockouts_from_settings().begin(SMALL, name, f"{name}:crowd")
    client: Any = redis.Redis.from_url(settings.REDIS_URL)
    for key in (f"failures:{name}", f"failures:{name}:crowd"):
        assert 999_000 < client.pttl(key) <= 1_000_000


def test_without_redis_failures_are_counted_in_the_process(name: str, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    lockouts = lockouts_from_settings()
    passed = [lockouts.begin(RULE, name, None).wait == 0 for _ in range(8)]
    assert passed == [True] * 5 + [False] * 3
    lockouts.forget(name)
    assert lockouts.look(RULE, name, None) == Begun(0, 0)


def test_what_a_process_remembers_is_bounded() -> None:
    lockouts = MemoryLockouts()
    for number in range(REMEMBERED_MAX + 10):
        lockouts.begin(RULE, str(number), None)
    assert len(lockouts._counts) == REMEMBERED_MAX
    assert lockouts.look(RULE, "9", None).failures == 0
    assert lockouts.look(RULE, "10", None).failures == 1


class Model:
    """What the two implementations must do, written down a third time and slowly: every attempt is kept."""

    def __init__(self) -> None:
        self.failures: dict[str, list[float]] = {}
        self.crowd: list[float] = []

    def wait(self, bucket: str, now: float, *, in_crowd: bool) -> float:
        failures = self.recent(bucket, now)
        if not failures:
            return 0.0
        free = 1 if in_crowd and self.is_crowded(now) else SMALL.free
        if len(failures) < free:
            return 0.0
        return max(0.0, failures[-1] + min(200, 30 * 2 ** (len(failures) - free)) - now)

    def recent(self, bucket: str, now: float) -> list[float]:
        failures = self.failures.get(bucket, [])
        if failures and now - failures[-1] >= SMALL.kept:
            del self.failures[bucket]
            return []
        return failures

    def is_crowded(self, now: float) -> bool:
        if self.crowd and now - self.crowd[0] >= SMALL.kept:
            self.crowd.clear()
        return len(self.crowd) >= SMALL.crowd_max

    def count(self, bucket: str, now: float, *, in_crowd: bool) -> None:
        self.is_crowded(now)
        self.failures.setdefault(bucket, []).append(now)
        if in_crowd:
            self.crowd.append(now)


NETWORKS = st.sampled_from(["net1", "net2", "net3", "net4"])


class LockoutMachine(RuleBasedStateMachine):
    """Strangers on four networks and the owner on two known devices, against one account, with a clock that jumps."""

    implementation: Any = MemoryLockouts

    @initialize()
    def begin_anew(self) -> None:
        self.clock = Clock()
        self.lockouts = type(self).implementation(self.clock)
        self.account = uuid4().hex
        self.model = Model()
        self.tried: set[str] = set()
        self.mistyped = {"device1": 0, "device2": 0}

    def attempt(self, place: str, *, in_crowd: bool) -> float:
        crowd = self.account if in_crowd else None
        expected = self.model.wait(place, self.clock.now, in_crowd=in_crowd)
        begun = self.lockouts.begin(SMALL, f"{self.account}:{place}", crowd)
        assert begun.wait == pytest.approx(expected, abs=0.001)
        if not begun.wait:
            self.model.count(place, self.clock.now, in_crowd=in_crowd)
        return float(begun.wait)

    @rule(network=NETWORKS)
    def a_stranger_fails(self, network: str) -> None:
        wait = self.attempt(network, in_crowd=True)
        if network not in self.tried:
            assert wait == 0
        self.tried.add(network)

    @rule(device=st.sampled_from(["device1", "device2"]), right=st.booleans())
    def the_owner_tries_on_a_known_device(self, device: str, right: bool) -> None:
        """Only what was mistyped on this very device can make the owner wait."""
        wait = self.attempt(device, in_crowd=False)
        if self.mistyped[device] < SMALL.free:
            assert wait == 0
        if wait:
            return
        if right:
            self.lockouts.forget(f"{self.account}:{device}")
            self.model.failures.pop(device, None)
            self.mistyped[device] = 0
        else:
            self.mistyped[device] += 1

    @rule(network=NETWORKS)
    def the_owner_signs_in_from_a_network(self, network: str) -> None:
        if not self.attempt(network, in_crowd=True):
            self.lockouts.forget(f"{self.account}:{network}")
            self.model.failures.pop(network, None)
        self.tried.add(network)

    @rule(seconds=st.one_of(st.integers(0, 250), st.sampled_from([29.5, 30, 60, 120, 200, 999, 1_000, 5_000])))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def no_wait_is_longer_than_the_longest(self) -> None:
        for place in ("net1", "net2", "net3", "net4"):
            assert self.lockouts.look(SMALL, f"{self.account}:{place}", self.account).wait <= SMALL.longest


TestInMemory = LockoutMachine.TestCase


def test_redis_behaves_as_the_model_does(settings: Any) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)

    class OnRedis(LockoutMachine):
        implementation = staticmethod(lambda clock: RedisLockouts(client, clock))

    run_state_machine_as_test(
        OnRedis, settings=hypothesis_settings(max_examples=30, stateful_step_count=30, deadline=None)
    )
