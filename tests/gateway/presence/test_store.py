"""Presence in Redis: every change comes back once, to whoever made it; the dead are swept by anybody alive, once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import chain

import pytest
from django.conf import settings as configured
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.constants import PreferredStatus
from accounts.events import CustomStatus, PresencePreference
from accounts.queries.presence import RevisedPreference
from gateway.presence.online import online_users
from gateway.presence.roster import Change
from gateway.presence.statuses import OFFLINE, Presence, Record, ShownStatus, presence_of, sightings_of
from gateway.presence.store import RECORD_KEPT_SECONDS, SWEEP_USERS, LeaseLost, PresenceStore
from kernel.ids import UserId, uuid7

ONLINE, IDLE = Presence(ShownStatus.ONLINE), Presence(ShownStatus.IDLE)


def new_user() -> UserId:
    return UserId(uuid7())


def change(user: UserId, active: bool | None) -> Change:
    return Change(user, active, preference_due=False)


def preferred(revision: int, status: PreferredStatus, custom: CustomStatus | None = None) -> RevisedPreference:
    return RevisedPreference(revision, PresencePreference(status=status, custom=custom))


async def begin(store: PresenceStore) -> str:
    process = uuid7().hex
    await store.beat(process, begin=True)
    return process


async def tell(store: PresenceStore, process: str, user: UserId, active: bool | None, **preferences) -> list[Presence]:
    """Return how the user is shown before and after."""
    known = {user: preferences["preference"]} if preferences else {}
    (transition,) = await store.apply(process, [change(user, active)], known)
    return [presence_of(transition.before), presence_of(transition.after)]


async def sweep(store: PresenceStore, process: str) -> list:
    """Beat until there is nothing left to sweep, and return what was."""
    swept = []
    while (beat := await store.beat(process)).more:
        swept += beat.transitions
    return swept + beat.transitions


async def test_a_user_is_online_with_the_first_device_idle_with_idle_ones_and_offline_without(store):
    first, second, user = await begin(store), await begin(store), new_user()
    assert await tell(store, first, user, True) == [OFFLINE, ONLINE]
    assert await tell(store, second, user, False) == [ONLINE, ONLINE]
    assert await tell(store, first, user, None) == [ONLINE, IDLE]
    assert await tell(store, second, user, None) == [IDLE, OFFLINE]


async def test_a_batch_comes_back_in_order_and_what_does_not_show_is_not_announced(store):
    process, users = await begin(store), [new_user() for _ in range(3)]
    transitions = await store.apply(process, [change(user, True) for user in users], {})
    assert [transition.user_id for transition in transitions] == users
    assert [sighting.user for sighting in sightings_of(transitions)] == users
    assert sightings_of(await store.apply(process, [change(user, True) for user in users], {})) == []


async def test_an_older_preference_never_replaces_a_newer_one(store):
    process, user = await begin(store), new_user()
    hidden, shown = preferred(2, PreferredStatus.INVISIBLE), preferred(1, PreferredStatus.DO_NOT_DISTURB)
    assert await tell(store, process, user, True, preference=hidden) == [OFFLINE, OFFLINE]
    assert await tell(store, process, user, True, preference=shown) == [OFFLINE, OFFLINE]
    newest = preferred(3, PreferredStatus.DO_NOT_DISTURB)
    assert await tell(store, process, user, True, preference=newest) == [OFFLINE, Presence(ShownStatus.DO_NOT_DISTURB)]


async def test_versions_grow_with_every_change_also_after_redis_forgot(store, raw_redis):
    process, user = await begin(store), new_user()
    versions = []
    for number in range(6):
        (transition,) = await store.apply(process, [change(user, number % 2 == 0)], {})
        versions.append(transition.after.version)
        if number == 3:
            await raw_redis.delete(f"presence:user:{user.hex}")
    assert versions == sorted(set(versions))


async def test_records_are_read_in_one_round_trip_and_unknown_users_have_an_empty_one(store):
    process, user, nobody = await begin(store), new_user(), new_user()
    custom = CustomStatus(text="At sea", emoji="\u26f5", expires_at=None)
    await tell(store, process, user, True, preference=preferred(1, PreferredStatus.IDLE, custom))
    found = await store.read([user, nobody])
    assert presence_of(found[user]) == Presence(ShownStatus.IDLE, custom)
    assert found[nobody] == Record()


async def test_the_record_of_somebody_absent_is_kept_for_a_day_and_that_of_somebody_present_for_ever(store, raw_redis):
    process, user = await begin(store), new_user()
    await tell(store, process, user, True)
    assert await raw_redis.ttl(f"presence:user:{user.hex}") == -1
    await tell(store, process, user, None)
    assert RECORD_KEPT_SECONDS - 60 < await raw_redis.ttl(f"presence:user:{user.hex}") <= RECORD_KEPT_SECONDS
    await tell(store, process, user, True)
    assert await raw_redis.ttl(f"presence:user:{user.hex}") == -1


async def test_the_users_of_a_dead_process_are_swept_once_however_many_sweep(store, expire_lease):
    dead, living = await begin(store), [await begin(store) for _ in range(5)]
    users = [new_user() for _ in range(2 * SWEEP_USERS + 50)]
    for start in range(0, len(users), 200):
        await store.apply(dead, [change(user, True) for user in users[start : start + 200]], {})
    elsewhere = users[0]
    await store.apply(living[0], [change(elsewhere, False)], {})
    await expire_lease(dead)
    swept = [*chain(*await asyncio.gather(*(sweep(store, process) for process in living)))]
    ours = [transition for transition in swept if transition.user_id in set(users)]
    assert sorted(transition.user_id for transition in ours) == sorted(users)
    shown = {transition.user_id: presence_of(transition.after) for transition in ours}
    assert shown == dict.fromkeys(users, OFFLINE) | {elsewhere: IDLE}


async def test_one_call_of_a_sweep_looks_after_a_bounded_number_of_users(store, expire_lease):
    dead, living = await begin(store), await begin(store)
    await store.apply(dead, [change(new_user(), True) for _ in range(SWEEP_USERS + 1)], {})
    await sweep(store, living)
    await expire_lease(dead)
    beat = await store.beat(living)
    assert (len(beat.transitions), beat.more) == (SWEEP_USERS, True)
    await sweep(store, living)


async def test_a_process_that_was_given_up_cannot_tell_and_is_told_so(store, expire_lease):
    stalled, living, user = await begin(store), await begin(store), new_user()
    await tell(store, stalled, user, True)
    await expire_lease(stalled)
    await sweep(store, living)
    assert not (await store.beat(stalled)).alive
    with pytest.raises(LeaseLost):
        await store.apply(stalled, [change(user, True)], {})
    assert presence_of((await store.read([user]))[user]) == OFFLINE


async def test_a_lease_that_ran_out_but_was_not_swept_is_renewed(store, expire_lease):
    late, user = await begin(store), new_user()
    await tell(store, late, user, True)
    await expire_lease(late)
    assert (await store.beat(late)).alive
    assert await tell(store, late, user, False) == [ONLINE, IDLE]


async def test_a_process_that_leaves_is_swept_after_the_time_of_grace(store, raw_redis):
    leaving, living, user = await begin(store), await begin(store), new_user()
    await tell(store, leaving, user, True)
    await store.leave(leaving, seconds=30)
    await sweep(store, living)
    assert presence_of((await store.read([user]))[user]) == ONLINE
    await store.leave(leaving, seconds=0)
    assert user in {transition.user_id for transition in await sweep(store, living)}
    assert await raw_redis.zscore("presence:leases", leaving) is None


async def test_a_process_that_never_began_cannot_tell(store):
    with pytest.raises(LeaseLost):
        await store.apply(uuid7().hex, [change(new_user(), True)], {})


async def test_a_custom_status_that_is_over_is_swept_once_and_the_status_stays(store):
    first, second, user = await begin(store), await begin(store), new_user()
    custom = CustomStatus(text="At sea", emoji="", expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    busy = preferred(1, PreferredStatus.DO_NOT_DISTURB, custom)
    await tell(store, first, user, True, preference=busy)
    swept = [*chain(*await asyncio.gather(sweep(store, first), sweep(store, second)))]
    ours = [sighting.presence for sighting in sightings_of(swept) if sighting.user == user]
    assert ours == [Presence(ShownStatus.DO_NOT_DISTURB)]


async def test_a_redis_is_settled_when_it_has_been_there_for_longer_than_a_lease(raw_redis):
    patient = PresenceStore(configured.REDIS_URL, timeout=2, lease_seconds=10**9)
    hasty = PresenceStore(configured.REDIS_URL, timeout=2, lease_seconds=0.000_001)
    process = uuid7().hex
    assert not (await patient.beat(process, begin=True)).settled
    assert (await hasty.beat(process)).settled
    await raw_redis.zrem("presence:leases", process)
    await patient.close()
    await hasty.close()


steps = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([True, False, None, "die"])), max_size=15)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_after_any_run_of_changes_the_record_says_what_a_plain_model_says(steps):
    asyncio.run(check_against_model(steps))


async def check_against_model(steps) -> None:
    """Three processes tell of one user and die; those that die go on under another name."""
    store, user = PresenceStore(configured.REDIS_URL, timeout=2, lease_seconds=600), new_user()
    names = [await begin(store) for _ in range(4)]
    model: dict[int, bool] = {}
    shown = OFFLINE
    for which, act in steps:
        if act == "die":
            await store.leave(names[which], seconds=-1)
            transitions = await sweep(store, names[3])
            model.pop(which, None)
            names[which] = await begin(store)
        else:
            transitions = await store.apply(names[which], [change(user, act)], {})
            model[which] = act
            if act is None:
                del model[which]
        for sighting in sightings_of([item for item in transitions if item.user_id == user]):
            assert sighting.presence != shown
            shown = sighting.presence
        assert shown == presence_of(Record(processes=tuple(model.values())))
    assert presence_of((await store.read([user]))[user]) == shown
    for name in names:
        await store.leave(name, seconds=-1)
    await store.close()


async def test_who_has_a_device_at_any_process_is_online_and_nobody_is_without_redis(store, monkeypatch):
    first, second, here, there, gone = await begin(store), await begin(store), new_user(), new_user(), new_user()
    for process, user in ((first, here), (second, there), (second, gone)):
        await tell(store, process, user, True)
    await tell(store, second, gone, None)
    online = await asyncio.to_thread(online_users)
    assert (online & {here, there, gone}) == {here, there}
    monkeypatch.setattr("gateway.presence.online.ONLINE_MAX", 1)
    assert len(await asyncio.to_thread(online_users)) == 1
    monkeypatch.setattr(configured, "REDIS_URL", "redis://127.0.0.1:1/0")
    assert await asyncio.to_thread(online_users) == set()
