"""The first frame of the server: who the client is, what the limits are. What apps add to it is registered by project."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings

from accounts.authentication import AuthenticatedSession, live_users
from accounts.events import MePayload
from accounts.models import User
from accounts.payloads import me_payload
from gateway.admission import ReconnectAdvice
from gateway.frames import FEATURE_LEVEL, Frame
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import DomainError
from kernel.ids import UserId
from kernel.key_access import has_scope
from kernel.scopes import Scope
from kernel.wire import WireStruct

HelloSource = Callable[[Collection[UserId]], Mapping[UserId, Sequence[WireStruct]]]
"""What to tell each of many users; every one of them must be in the answer."""


class Limits(WireStruct, frozen=True):
    """What a socket may do: bytes of a frame, frames per seconds, topics followed, characters of a message, members looked at."""

    frame_bytes: int
    frames: int
    frames_seconds: int
    topics: int
    message_characters: int
    presence_window: int


class HelloBody(WireStruct, frozen=True):
    """Times in seconds; `session` names this socket in logs; `communities` are those of the user.

    A client with an API key is not told what its scopes do not cover: the e-mail address is empty then, and so is the list.
    The socket is closed at `expires_at` unless an `auth` frame with a fresh access token comes before.
    """

    server_time: datetime
    feature_level: int
    heartbeat_interval: int
    session: str
    expires_at: datetime
    limits: Limits
    reconnect: ReconnectAdvice
    user: MePayload
    communities: Sequence[Any]


class Hello(WireStruct, frozen=True, tag_field="t", tag="hello"):
    """The greeting, sent once when the user is known."""

    d: HelloBody


class CommunitiesSource(msgspec.Struct, frozen=True):
    """Where the communities of `hello` come from, and the struct of one."""

    load: HelloSource
    item: type[WireStruct]


_communities: CommunitiesSource | None = None


def use_communities(source: CommunitiesSource) -> None:
    """Plug in where the communities come from; called once at start-up."""
    global _communities
    _communities = source


def communities_source() -> CommunitiesSource:
    """Return what was plugged in."""
    if _communities is None:
        raise RuntimeError("nothing was plugged in: call gateway.hello.use_communities at start-up")
    return _communities


class Arrival(msgspec.Struct, frozen=True):
    """A socket whose client has proved who they are, and which is watched for the end of its session."""

    session: AuthenticatedSession
    socket_id: str
    reconnect: ReconnectAdvice


def greet_all(arrivals: Sequence[Arrival]) -> list[Frame | DomainError]:
    """Return the greeting of each whose session lives, and the refusal of each other. A constant number of statements for any number."""
    users = live_users([arrival.session.actor for arrival in arrivals])
    communities = communities_source().load({UserId(user.pk) for user in users if isinstance(user, User)})
    return [
        _greeting(arrival, user, communities[UserId(user.pk)]) if isinstance(user, User) else user
        for arrival, user in zip(arrivals, users, strict=True)
    ]


def _greeting(arrival: Arrival, user: User, communities: Sequence[WireStruct]) -> Frame:
    limit = settings.RATE_LIMITS["socket.frame"]
    body = HelloBody(
        server_time=now(),
        feature_level=FEATURE_LEVEL,
        heartbeat_interval=settings.HEARTBEAT_SECONDS,
        session=arrival.socket_id,
        expires_at=arrival.session.expires_at,
        limits=Limits(
            frame_bytes=settings.SOCKET_FRAME_BYTES,
            frames=limit.quota,
            frames_seconds=limit.seconds,
            topics=settings.SOCKET_TOPICS_MAX,
            message_characters=settings.MESSAGE_MAX_CHARACTERS,
            presence_window=settings.PRESENCE_WINDOW_MEMBERS,
        ),
        reconnect=arrival.reconnect,
        user=_shown_to(arrival.session.actor, me_payload(user)),
        communities=communities if has_scope(arrival.session.actor, Scope.COMMUNITIES_READ) else [],
    )
    return Frame(Hello(d=body))


def _shown_to(actor: Actor, me: MePayload) -> MePayload:
    return me if has_scope(actor, Scope.PROFILE_READ) else msgspec.structs.replace(me, email="")
