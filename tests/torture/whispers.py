"""What is not numbered, as it was asked for and as it was heard: who types, and what people are shown as. Only records."""

from __future__ import annotations

import msgspec

OFFLINE = "offline"
ONLINE = "online"


class Whisper(msgspec.Struct, frozen=True):
    """A frame without a number. `invited` tells whether the client followed its topic then, and looked at the user if it shows one."""

    at: float
    type: str
    user: str
    invited: bool
    text: str = ""


class Typing(msgspec.Struct, frozen=True):
    """Somebody told a room that they type; whether that was heard by the server is not known."""

    user: str
    topic: str
    asked_at: float


class Portrait(msgspec.Struct, frozen=True):
    """Somebody wanted to be shown with a text that nobody else has."""

    user: str
    text: str
    asked_at: float


class Shown(msgspec.Struct, frozen=True):
    """What a user is shown as."""

    status: str
    text: str = ""
