"""The consumer as the tutorials write it: one group membership per socket, a row and a `group_send` per message."""

from __future__ import annotations

import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from bench.peers.baseline.chat.models import Message


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """One socket in one room."""

    async def connect(self) -> None:
        """Let in who is logged in."""
        self.user = self.scope["user"]
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.group = f"chat_{self.room}"
        if not self.user.is_authenticated:
            await self.close()
            return
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  # the signature of Channels
        """Leave the room."""
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:  # noqa: ARG002
        """Save a message and tell the room."""
        body = json.loads(text_data)["message"]
        message = await self.save(body)
        event = {"type": "chat_message", "id": message.pk, "author": self.user.username, "message": body}
        await self.channel_layer.group_send(self.group, event)

    async def chat_message(self, event: dict[str, Any]) -> None:
        """Tell this socket of a message."""
        await self.send(text_data=json.dumps({key: event[key] for key in ("id", "author", "message")}))

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def save(self, body: str) -> Message:
        """Insert the row."""
        return Message.objects.create(room=self.room, author=self.user, body=body)
