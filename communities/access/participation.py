"""Who takes part in a resource is known by the app that owns it: that app registers a piece of SQL for its kind of resource here."""

from __future__ import annotations

_sources: dict[str, str] = {}


def register_participation_source(kind: str, sql: str) -> None:
    """Tell where participation in resources of `kind` is kept; called once, when the owning app is ready.

    `sql` is a SELECT of (resource_id, user_id, state) over the table `things (kind, resource_id, user_id)`, with the states of
    `Participation`. A pair that is absent has no participation of its own.
    """
    if _sources.setdefault(kind, sql) != sql:
        raise RuntimeError(f"resources of kind {kind} have two participation sources")


def participation_source(kind: str) -> str | None:
    """Return the SQL of `kind`; without one, participation is unknown and access is refused."""
    return _sources.get(kind)
