"""Who takes part in a resource is known by the app that owns it: that app registers a loader for its kind of resource here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from communities.access.facts import Participation
from kernel.ids import UserId

ParticipationLoader = Callable[[Collection[UUID], Collection[UserId]], Mapping[tuple[UUID, UserId], Participation]]
"""Takes resource ids and user ids; answers in one query. A pair that is absent has no participation of its own."""

_loaders: dict[str, ParticipationLoader] = {}


def register_participation_source(kind: str, loader: ParticipationLoader) -> None:
    """Tell where participation in resources of `kind` is kept; called once, when the owning app is ready."""
    if _loaders.setdefault(kind, loader) is not loader:
        raise RuntimeError(f"resources of kind {kind} have two participation sources")


def participation_source(kind: str) -> ParticipationLoader | None:
    """Return the loader of `kind`; without one, participation is unknown and access is refused."""
    return _loaders.get(kind)
