"""The kinds of things that somebody can be invited into as a guest. The app that owns a kind says who may invite, and lets people in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from kernel.actor import Actor
from kernel.errors import NotFound
from kernel.ids import CommunityId, UserId


class GuestPlace(NamedTuple):
    """What invites ask of a kind.

    `check` returns the community of a thing into which the actor may let people, and raises what the loaders of the app raise. `let_in`
    makes a member take part, under the community's lock, and returns whether they did not before.
    """

    check: Callable[[Actor, UUID], CommunityId]
    let_in: Callable[[UUID, UserId], bool]


_places: dict[str, GuestPlace] = {}


def register_guest_place(kind: str, place: GuestPlace) -> None:
    """Let people be invited into things of a kind; called once, when the owning app is ready."""
    if _places.setdefault(kind, place) is not place:
        raise RuntimeError(f"places of kind {kind} are registered twice")


def guest_place(kind: str) -> GuestPlace:
    """Return how one gets into things of a kind. Raises `NotFound` for one that nobody registered."""
    place = _places.get(kind)
    if place is None:
        raise NotFound
    return place
