"""Channels' pub/sub layer on Redis that sends many messages, or joins many groups, in one round trip. Settings name it.

What Channels asks of a layer works as before, on the same Redis channels. What is said in the groups is the relay's business.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, cast

import structlog
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

REDIS_AWAY = (RedisError, OSError)
RETRY_SECONDS = 1.0


class GatheringChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # channels_redis has no types
    """The layer of a process: one `LoopLayer` per event loop."""

    def on_this_loop(self) -> LoopLayer:
        """Return the running loop's own layer, which is closed with the loop."""
        return cast("LoopLayer", self._get_layer())

    def _get_layer(self) -> Any:
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            super()._get_layer()  # for its side effect: the layer is closed with the loop
            self._layers[loop] = LoopLayer(*self._args, **self._kwargs, channel_layer=self)
        return self._layers[loop]


class LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]
    """The layer of one event loop.

    What is sent to groups joined by `join_groups` is given to `hear`, in bytes and at once; it must return at once. `rejoined` is
    called when a lost connection is back and subscribed again: what was sent meanwhile is lost.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._shards: list[Any] = [_Shard(shard.host, self) for shard in self._shards]
        self.heard_names: dict[bytes, None] = {}  # a large set takes three times the room of a dictionary
        self.hear: Callable[[bytes], None] = lambda _: None
        self.rejoined: Callable[[], None] = lambda: None

    async def send_to_groups(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send serialized messages to groups, in order: one round trip per Redis server. Raises `RedisError` or `OSError`."""
        published: defaultdict[_Shard, list[tuple[str, bytes]]] = defaultdict(list)
        for group, data in messages:
            name = self._get_group_channel_name(group)
            published[self._get_shard(name)].append((name, data))
        for shard, of_shard in published.items():
            await shard.publish_all(of_shard)

    async def join_groups(self, groups: Iterable[str]) -> None:
        """Hear what is sent to groups from now on: one command per Redis server. Raises `RedisError` or `OSError`."""
        for shard, names in self._by_shard(groups).items():
            self.heard_names.update(dict.fromkeys(names))
            try:
                await shard.subscribe_all(names)
            except BaseException:
                self._forget(names)  # who tries again names them again
                raise

    async def leave_groups(self, groups: Iterable[str]) -> None:
        """Hear of groups no longer. Raises `RedisError` or `OSError`."""
        for shard, names in self._by_shard(groups).items():
            self._forget(names)
            await shard.unsubscribe_all(names)

    def _forget(self, names: Iterable[bytes]) -> None:
        for name in names:
            self.heard_names.pop(name, None)

    def _by_shard(self, groups: Iterable[str]) -> dict[_Shard, list[bytes]]:
        """Return names as Redis says them: the client keeps the very object, so there is one of each."""
        names: defaultdict[_Shard, list[bytes]] = defaultdict(list)
        for group in groups:
            name = self._get_group_channel_name(group)
            names[self._get_shard(name)].append(name.encode())
        return names


class _Shard(RedisSingleShardConnection):  # type: ignore[misc]
    """The connections to one Redis server: one that is subscribed and read from once it is, and a pool for the rest."""

    channel_layer: LoopLayer

    async def publish_all(self, messages: Sequence[tuple[str, bytes]]) -> None:
        self._ensure_redis()
        commands = self._redis.pipeline(transaction=False)
        for name, data in messages:
            commands.publish(name, data)
        await commands.execute()

    async def subscribe_all(self, names: Collection[bytes]) -> None:
        async with self._lock:
            self._ensure_redis()
            await self._pubsub.subscribe(*names)
            self._ensure_receiver()

    async def unsubscribe_all(self, names: Collection[bytes]) -> None:
        async with self._lock:
            self._ensure_redis()
            await self._pubsub.unsubscribe(*names)

    async def subscribe(self, channel: str) -> None:
        await self.subscribe_all([channel.encode()])

    async def unsubscribe(self, channel: str) -> None:
        await self.unsubscribe_all([channel.encode()])

    def _ensure_receiver(self) -> None:
        connection = self._pubsub.connection
        if self._receive_task is None and connection is not None:
            connection.register_connect_callback(self._connected_again)
        super()._ensure_receiver()

    async def _do_receiving(self) -> None:
        """Channels' own loop polls ten times a second and makes a dict of each message; this one waits."""
        while True:
            try:
                await self._take(await self._pubsub.parse_response(block=True))
            except REDIS_AWAY as error:
                logger.warning("relay.connection_lost", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _take(self, response: Any) -> None:
        match response:
            case [b"message", name, data] if name in self.channel_layer.heard_names:
                self.channel_layer.hear(data)
            case [b"message", name, data]:
                self._receive_message({"channel": name, "data": data})
            case _:
                await self._pubsub.handle_message(response)  # keeps its own account of subscriptions

    def _connected_again(self, _: Any) -> None:
        self.channel_layer.rejoined()
