"""Who has open sockets just now: the process that knows says so. Only an order of work follows from it, never what anybody may do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from django.db.models import QuerySet

from communities.models import Membership
from kernel.ids import UserId

OnlineSource = Callable[[], Collection[UserId]]
"""Answers in a bounded time who is online, perhaps not everybody; nobody when that cannot be found out."""
ONLINE_FIRST_MAX = 5_000
"""Members who are done first; their ids travel with the jobs. Who is online beyond that is done in the order of ids, like all others."""
_ASKED_AT_ONCE = 2_000

_source: OnlineSource | None = None


def use_online_users(source: OnlineSource) -> None:
    """Plug in where it is known who is online; called once at start-up."""
    global _source
    _source = source


def online_members(rows: QuerySet[Membership]) -> list[tuple[UUID, UserId]]:
    """Return those of these memberships whose users are online, and whose they are; at most 5,000, by id.

    An outbound call comes first, so not inside of a transaction; then a statement for each 2,000 who are online.
    """
    online = sorted(_source()) if _source is not None else []
    found: list[tuple[UUID, UserId]] = []
    for start in range(0, len(online), _ASKED_AT_ONCE):
        of_these = rows.filter(user_id__in=online[start : start + _ASKED_AT_ONCE])
        found += [(pk, UserId(user_id)) for pk, user_id in of_these.values_list("pk", "user_id")]
    return sorted(found)[:ONLINE_FIRST_MAX]
