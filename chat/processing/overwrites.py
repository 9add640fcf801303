"""Overwrites of a room, pure: which names are good, which one is meant, and what a change changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from chat.constants import OverwriteKind
from chat.models.overwrites import OverwriteEntry
from kernel.errors import InvalidInput


def checked_names(field: str, names: Collection[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the names in the order of `known`. Raises `InvalidInput` for one that is not among them."""
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise InvalidInput(f"No room gives or takes {unknown[0]}.", field=field)
    return tuple(str(name) for name in known if name in names)


def find_entry(entries: Sequence[OverwriteEntry], kind: OverwriteKind, target_id: UUID) -> OverwriteEntry | None:
    """Return the entry for a role or a user."""
    return next((entry for entry in entries if (entry.kind, entry.id) == (kind, target_id)), None)


def changed_names(before: OverwriteEntry | None, after: OverwriteEntry | None) -> set[str]:
    """Return the permissions of which the two say different things; no entry says nothing."""
    (allowed, denied), (allow, deny) = _says(before), _says(after)
    return (allowed ^ allow) | (denied ^ deny)


def _says(entry: OverwriteEntry | None) -> tuple[set[str], set[str]]:
    return (set(), set()) if entry is None else (set(entry.allow), set(entry.deny))
