"""What all processes know of who is there, in Redis: a lease per process, a record per user, and three scripts.

Each script is atomic and returns the records before and after, so whoever made a change, and nobody else, announces it.
All times are Redis' own: the clocks of the processes need not agree. Losing everything here loses nothing for long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import redis.asyncio as redis

from accounts.queries.presence import RevisedPreference
from gateway.presence.roster import Change
from gateway.presence.statuses import ACTIVE, INACTIVE, Record, Transition, record_of
from kernel.ids import UserId
from kernel.wire import encode_json

SWEEP_USERS = 200
"""Users that one call of the sweep looks after; Redis serves nobody else meanwhile."""
RECORD_KEPT_SECONDS = 3_600
"""How long the record of somebody absent is kept: for as long, its version grows although Redis' clock is set back."""

_SHARED = """
local LEASES, TEXTS, SINCE = 'presence:leases', 'presence:expiring', 'presence:since'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function held_by(process) return 'presence:held:' .. process end

local function change(user, make)
  local key = 'presence:user:' .. user
  local before = redis.call('HGETALL', key)
  make(key)
  local version = tonumber(redis.call('HGET', key, 'version') or 0)
  version = math.max(version + 1, time[1] * 1000000 + time[2])
  redis.call('HSET', key, 'version', string.format('%.0f', version))
  local present = false
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 1) == '@' then present = true end
  end
  if present then redis.call('PERSIST', key) else redis.call('EXPIRE', key, RECORD_KEPT) end
  return {user, before, redis.call('HGETALL', key)}
end
"""

# ARGV: process, changes as [user, "active" | "inactive" | "", null or [revision, preferred, custom, expires_at in ms or 0]].
_APPLY = """
local lease = redis.call('ZSCORE', LEASES, ARGV[1])
if not lease or tonumber(lease) <= 0 then return false end
local function prefer(key, user, preference)
  if preference[1] <= tonumber(redis.call('HGET', key, 'revision') or -1) then return end
  redis.call('HSET', key, 'revision', preference[1], 'preferred', preference[2], 'custom', preference[3])
  redis.call('ZREM', TEXTS, user)
  if preference[4] > 0 then redis.call('ZADD', TEXTS, preference[4], user) end
end
local answers = {}
for number, wanted in ipairs(cjson.decode(ARGV[2])) do
  local user, device, preference = wanted[1], wanted[2], wanted[3]
  answers[number] = change(user, function(key)
    if device == '' then
      redis.call('HDEL', key, '@' .. ARGV[1])
      redis.call('SREM', held_by(ARGV[1]), user)
    else
      redis.call('HSET', key, '@' .. ARGV[1], device)
      redis.call('SADD', held_by(ARGV[1]), user)
    end
    if preference ~= cjson.null then prefer(key, user, preference) end
  end)
end
return answers
"""

# ARGV: process, lease in ms, "1" to begin it, users at most. A lease that is being swept (0) never comes back to life.
_BEAT = """
local lease = redis.call('ZSCORE', LEASES, ARGV[1])
local alive = ARGV[3] == '1' or (lease and tonumber(lease) > 0)
if alive then redis.call('ZADD', LEASES, now + ARGV[2], ARGV[1]) end
redis.call('SET', SINCE, now, 'NX')
local settled = now - redis.call('GET', SINCE) >= tonumber(ARGV[2])
local swept, limit = {}, tonumber(ARGV[4])
local dead = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, 1)[1]
if dead then
  redis.call('ZADD', LEASES, 0, dead)
  for _, user in ipairs(redis.call('SPOP', held_by(dead), limit)) do
    swept[#swept + 1] = change(user, function(key) redis.call('HDEL', key, '@' .. dead) end)
  end
  if redis.call('EXISTS', held_by(dead)) == 0 then redis.call('ZREM', LEASES, dead) end
end
local over = {}
if #swept < limit then over = redis.call('ZRANGEBYSCORE', TEXTS, '-inf', now, 'LIMIT', 0, limit - #swept) end
for _, user in ipairs(over) do
  redis.call('ZREM', TEXTS, user)
  swept[#swept + 1] = change(user, function(key) redis.call('HDEL', key, 'custom') end)
end
return {alive and 1 or 0, settled and 1 or 0, (dead or #over > 0) and 1 or 0, swept}
"""

# ARGV: process, ms. The lease of a process that ends runs for as long as its users may take to come back elsewhere.
_LEAVE = """
local lease = redis.call('ZSCORE', LEASES, ARGV[1])
if lease and tonumber(lease) > 0 then redis.call('ZADD', LEASES, now + ARGV[2], ARGV[1]) end
"""


class LeaseLost(Exception):
    """The process was given up for dead, or Redis was emptied: it must begin again under another name."""


class Beat(msgspec.Struct, frozen=True):
    """What a heartbeat brought: is the process still known, has Redis been there for longer than a lease, is there more to sweep."""

    alive: bool
    settled: bool
    more: bool
    transitions: list[Transition]


class PresenceStore:
    """Every method is one round trip and raises `redis.RedisError` or `OSError` when Redis is away."""

    def __init__(self, url: str, *, timeout: float, lease_seconds: float) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
        self._lease = _milliseconds(lease_seconds)
        self._apply = self._script(_APPLY)
        self._beat = self._script(_BEAT)
        self._leave = self._script(_LEAVE)

    def _script(self, body: str) -> Any:
        return self._redis.register_script(_SHARED.replace("RECORD_KEPT", str(RECORD_KEPT_SECONDS)) + body)

    async def beat(self, process: str, *, begin: bool = False) -> Beat:
        """Renew (or begin) a process' lease, and sweep up to 200 users whose process is dead or whose custom status is over."""
        answer = await self._beat(args=[process, self._lease, int(begin), SWEEP_USERS])
        alive, settled, more, swept = answer
        return Beat(bool(alive), bool(settled), bool(more), _transitions(swept))

    async def apply(
        self, process: str, changes: Sequence[Change], preferences: Mapping[UserId, RevisedPreference]
    ) -> list[Transition]:
        """Tell what changed at a process, with the preferences of those users that are given. Raises `LeaseLost`."""
        told = [
            [change.user_id.hex, _device(change.active), _preference(preferences.get(change.user_id))]
            for change in changes
        ]
        answers = await self._apply(args=[process, encode_json(told)])
        if answers is None:
            raise LeaseLost
        return _transitions(answers)

    async def leave(self, process: str, *, seconds: float) -> None:
        """End a process' lease after so many seconds; whoever is still there then sweeps its users."""
        await self._leave(args=[process, _milliseconds(seconds)])

    async def read(self, user_ids: Sequence[UserId]) -> dict[UserId, Record]:
        """Return the record of each user; nobody's is empty."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for user_id in user_ids:
                pipeline.hgetall(f"presence:user:{user_id.hex}")
            found: list[dict[bytes, bytes]] = await pipeline.execute()
        flat = ([part for item in fields.items() for part in item] for fields in found)
        return dict(zip(user_ids, map(record_of, flat), strict=True))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _device(active: bool | None) -> str:
    if active is None:
        return ""
    return (ACTIVE if active else INACTIVE).decode()


def _preference(revised: RevisedPreference | None) -> list[Any] | None:
    if revised is None:
        return None
    custom = revised.preference.custom
    expires_at = custom.expires_at if custom is not None else None
    return [
        revised.revision,
        revised.preference.status,
        encode_json(custom).decode() if custom is not None else "",
        _milliseconds(expires_at.timestamp()) if expires_at is not None else 0,
    ]


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _transitions(answers: Sequence[Any]) -> list[Transition]:
    return [
        Transition(UserId(UUID(user.decode())), record_of(before), record_of(after)) for user, before, after in answers
    ]
