"""A community of the matrix: its ids as routes name them, and every text and id that gives something in it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from communities.constants import CommunityVisibility
from eventlog.topics import Topic
from kernel.ids import CommunityId, RoleId, RoomId
from tests.leaks.knowledge import BADGE, CARD, known_to

_numbers = count(1)


@dataclass
class Place:
    """A community, with a gate before it or not. Texts and ids are kept by the kind of thing that they give away.

    `heads` are those of its topics when everybody had been sent away who was: what came later is none of their business.
    """

    visibility: CommunityVisibility
    is_gated: bool = False
    ids: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, dict[str, str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    code: str = ""
    heads: dict[Topic, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Say which it is."""
        return f"gated {self.visibility}" if self.is_gated else str(self.visibility)

    @property
    def id(self) -> CommunityId:
        """The community's."""
        return CommunityId(UUID(self.ids["community_id"]))

    @property
    def badge(self) -> RoleId:
        """The role that the gates ask for."""
        return RoleId(UUID(next(id_ for id_, kind in self.things.items() if kind == BADGE)))

    @property
    def secrets(self) -> Mapping[str, str]:
        """Texts and ids together."""
        return self.texts | self.things

    def room(self, kind: str) -> RoomId:
        """Return the id of a room."""
        return RoomId(UUID(self.rooms[kind]["room_id"]))

    def known_to(self, state: str) -> set[str]:
        """Return the kinds of things that somebody may know."""
        return known_to(state, self.visibility, is_gated=self.is_gated)

    def text(self, kind: str) -> str:
        """Return a new text that occurs nowhere else and gives a thing of that kind away."""
        marker = f"qz{next(_numbers):04}x{self.visibility[0]}{kind[0]}"
        self.texts[marker] = kind
        return marker

    def thing(self, kind: str, id_: UUID) -> str:
        """Note the id of a thing of that kind."""
        self.things[str(id_)] = kind
        if kind == CARD:
            self.ids.setdefault("community_id", str(id_))
        return str(id_)
