"""The window through which one client looks at others: whom it wants to see, and what they are shown as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.torture.whispers import Shown


class Onlooker:
    """Holds what a client shows its user. `due` while the server has to be asked for the window, for the first time or again."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self.wanted = list(wanted)
        self.shown: dict[str, Shown] = {}
        self.due = False

    def begin(self) -> None:
        """The community is followed: look."""
        self.shown = {}
        self.due = bool(self.wanted)

    def end(self) -> None:
        """The community, or the connection, is gone."""
        self.shown = {}
        self.due = False

    def answered(self, members: Sequence[dict[str, Any]]) -> None:
        """The server has opened the window."""
        self.shown = {member["user"]: shown_of(member) for member in members}

    def sees(self, presence: dict[str, Any]) -> bool:
        """Take a change; tell whether it is of somebody who is in the window."""
        user = presence["user"]
        if user not in self.shown:
            return False
        self.shown[user] = shown_of(presence)
        return True

    def heed(self, kind: str, data: dict[str, Any]) -> None:
        """Take an event of the community: who left is not shown any more, and who came has to be asked for."""
        if kind == "member.removed":
            self.shown.pop(data["user"], None)
        elif kind == "member.joined" and data["member"]["user"]["id"] in self.wanted:
            self.due = True


def shown_of(presence: dict[str, Any]) -> Shown:
    """Return how the wire says that somebody is shown."""
    return Shown(presence["status"], (presence["custom"] or {"text": ""})["text"])
