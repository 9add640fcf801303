"""Channels' pub/sub layer on Redis that sends many messages, or joins many groups, in one round trip. Settings name it.

What Channels asks of a layer works as before, on the same Redis channels. What is said in the groups is the relay's business.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, cast

import structlog
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

REDIS_AWAY = (RedisError, OSError)
RETRY_SECONDS = 1.0

Listener = Callable[[bytes], None]


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
    called when a lost connection is back and subscribed again: what was sent meanwhile is lost. Both are set before groups are joined.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._shards: list[Any] = [_Shard(shard.host, self) for shard in self._shards]
        self.hear: Listener = lambda _: None
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
            await shard.subscribe_all(names, self.hear)

    async def leave_groups(self, groups: Iterable[str]) -> None:
        """Hear of groups no longer, whether Redis is there to be told or not."""
        for shard, names in self._by_shard(groups).items():
            await shard.unsubscribe_all(names)

    def _by_shard(self, groups: Iterable[str]) -> dict[_Shard, list[bytes]]:
        names: defaultdict[_Shard, list[bytes]] = defaultdict(list)
        for group in groups:
            name = self._get_group_channel_name(group)
            names[self._get_shard(name)].append(name.encode())
        return names


class _Shard(RedisSingleShardConnection):  # type: ignore[misc]
    """The connections to one Redis server: one that is subscribed and read from, and a pool for the rest.

    The client's own `PubSub` is not used: it connects anew from whichever task notices first. Of two that do so at once, each reads
    the other's answers, and the one that listens may end. Here the task that listens is the only one that connects again. What is to
    be subscribed to is noted before it is sent, and what is not before that is, so whenever it connects, it says what is wanted then.
    """

    channel_layer: LoopLayer

    def __init__(self, host: Any, channel_layer: LoopLayer) -> None:
        super().__init__(host, channel_layer)
        self.listeners: dict[bytes, Listener] = {}
        self._subscribed: Any = None  # the connection, while it takes commands; redis has types for two thirds of it

    async def publish_all(self, messages: Sequence[tuple[str, bytes]]) -> None:
        self._ensure_redis()
        commands = self._redis.pipeline(transaction=False)
        for name, data in messages:
            commands.publish(name, data)
        await commands.execute()

    # Who listens to what ---------------------------------------------------------------------------------------------

    async def subscribe_all(self, names: Collection[bytes], listener: Listener) -> None:
        """Give what is published under these names to a listener. Raises `RedisError` or `OSError`, and then it is not given."""
        async with self._lock:
            new = [name for name in names if name not in self.listeners]
            self.listeners.update(dict.fromkeys(new, listener))
            try:
                await self._send("SUBSCRIBE", new)
            except BaseException:
                self._forget(new)  # who tries again names them again
                raise

    async def unsubscribe_all(self, names: Collection[bytes]) -> None:
        """Give what is published under these names to nobody. A connection that is lost meanwhile comes back without them."""
        async with self._lock:
            known = [name for name in names if name in self.listeners]
            self._forget(known)
            with suppress(*REDIS_AWAY):
                await self._send("UNSUBSCRIBE", known)

    async def subscribe(self, channel: str) -> None:
        await self.subscribe_all(
            [channel.encode()], lambda data: self._receive_message({"channel": channel, "data": data})
        )

    async def unsubscribe(self, channel: str) -> None:
        await self.unsubscribe_all([channel.encode()])

    async def flush(self) -> None:
        await super().flush()
        self.listeners.clear()
        self._subscribed = None

    def _forget(self, names: Iterable[bytes]) -> None:
        for name in names:
            self.listeners.pop(name, None)

    async def _send(self, command: str, names: Collection[bytes]) -> None:
        if not names:
            return
        if self._receive_task is None:
            self._ensure_redis()
            self._subscribed = await self._redis.connection_pool.get_connection()
            self._ensure_receiver()
        if self._subscribed is None or not self._subscribed.is_connected:
            raise ConnectionLost("the connection is lost and not yet back")
        await self._subscribed.send_command(command, *names)

    # Listening -------------------------------------------------------------------------------------------------------

    async def _do_receiving(self) -> None:
        """Channels' own loop polls ten times a second and makes a dict of each message; this one waits.

        A connection that was lost is made again at once, and then once a second. Nothing but its end ends this task: without it,
        the process would be deaf for good.
        """
        loop, connection = asyncio.get_running_loop(), self._subscribed
        while True:
            tried_at = loop.time()
            try:
                if self._subscribed is None:
                    await self._connect_again(connection)
                while True:
                    self._take(await connection.read_response())
            except Exception as error:  # whatever it is
                self._subscribed = None
                unknown = not isinstance(error, REDIS_AWAY)
                logger.warning("relay.connection_lost", error=type(error).__name__, exc_info=unknown)
                await connection.disconnect(nowait=True)
            if loop.time() - tried_at < RETRY_SECONDS:
                await asyncio.sleep(RETRY_SECONDS)

    async def _connect_again(self, connection: Any) -> None:
        await connection.connect()
        self._subscribed = connection
        await self._send("SUBSCRIBE", tuple(self.listeners))
        self.channel_layer.rejoined()

    def _take(self, response: Any) -> None:
        match response:
            case [b"message", name, data] if (listener := self.listeners.get(name)) is not None:
                listener(data)
