"""The people of a log as users with sessions, made straight in the database, and the room they meet in. No network."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.db import transaction
from redis import Redis

from accounts.actions.attempts import Client
from accounts.actions.sessions import unchecked_revoke_sessions, unchecked_start_session
from accounts.models import Session
from accounts.queries.users import get_users
from chat.actions.imports import get_or_create_import_room, import_people
from chat.processing.irc import IrcLog
from chat.processing.text import checked_body
from communities.actions.imports import get_or_create_import_community
from communities.models import Community
from eventlog.topics import topic_for
from gateway.relay import group_of
from kernel.actor import SYSTEM
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId
from tests.replay.verdict import Line

AGENT = Client(network="127.0.0.1", user_agent="tests.replay")


class Member(msgspec.Struct):
    """Somebody with a session. `signed_in_at` is on the monotonic clock."""

    nick: str
    user_id: str
    access: str
    refresh: str
    signed_in_at: float


class Cast:
    """Everybody of a log, with sessions that end with the `with` block, in a room of a community."""

    def __init__(self, log: IrcLog, *, room: str, community: str | None) -> None:
        self._log = log
        self.community = _community(community)
        community_id = CommunityId(self.community.pk)
        self.room_id = get_or_create_import_room(SYSTEM, community_id=community_id, name=room)
        self.topic = topic_for("room", self.room_id)
        self._user_ids = import_people(SYSTEM, community_id=community_id, nicks=log.people)
        self.members: list[Member] = []
        self.lines, self.unsayable = _lines(log)

    def __enter__(self) -> Self:
        users = get_users(set(self._user_ids.values()))
        for nick, user_id in self._user_ids.items():
            signed_in = unchecked_start_session(users[user_id], AGENT)
            self.members.append(Member(nick, str(user_id), signed_in.access, signed_in.refresh, time.monotonic()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with transaction.atomic():
            ours = Session.objects.filter(
                user_id__in=self._user_ids.values(), user_agent=AGENT.user_agent, revoked_at=None
            )
            unchecked_revoke_sessions(list(ours))

    def processes(self) -> int:
        """Return how many gateway processes listen for the room: each is subscribed to it once, however many sockets it holds."""
        with Redis.from_url(settings.REDIS_URL) as redis:
            channels = redis.pubsub_channels(f"*{group_of(self.topic)}")
            return sum(count for _, count in redis.pubsub_numsub(*channels)) if channels else 0


def socket_url(url: str) -> str:
    """Return the address of the sockets of a server."""
    parts = urlsplit(url)
    return parts._replace(scheme={"https": "wss"}.get(parts.scheme, "ws"), path=f"{parts.path}/ws/v1").geturl()


def _lines(log: IrcLog) -> tuple[list[Line], int]:
    """Return what can be said, as it will be stored, and how many lines cannot."""
    lines = []
    for said in log.said:
        try:
            lines.append(Line(said.line, said.person, checked_body(said.text)))
        except InvalidInput:
            continue
    return lines, len(log.said) + len(log.odd) - len(lines)


def _community(slug: str | None) -> Community:
    """Return the named community, else the only one, else the one of imports."""
    if slug is not None:
        named = Community.objects.filter(slug=slug).first()
        if named is None:
            raise NotFound(f"There is no community {slug}.")
        return named
    some = list(Community.objects.order_by("slug")[:2])
    return some[0] if len(some) == 1 else get_or_create_import_community(SYSTEM)
