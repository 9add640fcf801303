"""The commands that the gateway itself answers, and their answers. Those of the domain are registered by the apps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from eventlog.replay import NotRecovered
from kernel.commands import Command
from kernel.wire import WireStruct

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
TopicName = Annotated[str, msgspec.Meta(max_length=80)]


class Authenticate(Command, frozen=True):
    """Prove, or prove again, who is there: with an access token or an API key, or with a ticket, as browsers do, which have no token."""

    name: ClassVar[str] = "auth"
    token: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    ticket: Annotated[str, msgspec.Meta(max_length=128)] | None = None

    def __post_init__(self) -> None:
        """Refuse what is no proof, or two."""
        if (self.token is None) == (self.ticket is None):
            raise ValueError("Send a token or a ticket")


class Ping(Command, frozen=True):
    """Say that the client is there."""

    name: ClassVar[str] = "ping"


class FollowTopic(Command, frozen=True):
    """Get a topic's events from now on; with `after`, also every event with a higher seq."""

    name: ClassVar[str] = "topic.follow"
    topic: TopicName
    after: Seq | None = None


class UnfollowTopic(Command, frozen=True):
    """Get a topic's events no more."""

    name: ClassVar[str] = "topic.unfollow"
    topic: TopicName


class Authenticated(WireStruct, frozen=True):
    """The proof holds, and the socket lives, until `expires_at`."""

    expires_at: datetime


class Followed(WireStruct, frozen=True):
    """From where the topic is followed.

    `recovered` true: every event after `after` follows, in order, none twice. False: there is a gap, for this `reason`; take
    a snapshot over REST that reaches at least `head`. Without `after` nothing was missed, and it is true.
    """

    topic: str
    head: int
    recovered: bool
    reason: NotRecovered | None = None
