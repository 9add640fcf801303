"""Whom a viewer may see: asked of the app that knows communities, which project plugs in. Whatever else hides people goes in there too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from eventlog.doorbell import LoggedEvent
from gateway.stream import notice
from kernel.actor import Actor
from kernel.errors import DomainError
from kernel.ids import CommunityId, UserId


class AudienceQuestion(msgspec.Struct, frozen=True):
    """Which of these users may the viewer see in this community?"""

    viewer: Actor
    community_id: CommunityId
    user_ids: frozenset[UserId]


Audience = Callable[[Sequence[AudienceQuestion]], Sequence[Collection[UserId] | DomainError]]
"""Answers each question, in order and in a constant number of queries: those who may be seen, or why the viewer may not look."""

Whose = Callable[[LoggedEvent], UserId]
"""Returns the user of whom an event tells that their standing in a community changed."""

_audience: Audience | None = None
_standings: dict[str, Whose] = {}


def use_audience(audience: Audience, *, standings: Mapping[str, Whose]) -> None:
    """Plug in who answers, and by the type of events on a community's topic after which it may answer otherwise; once at start-up."""
    global _audience
    _audience = audience
    _standings.update(standings)
    for event_type in standings:
        notice(event_type)


def whose_standing(event: LoggedEvent) -> UserId | None:
    """Return of whom an event tells that they may see more or less than before, None where it tells nothing of that."""
    whose = _standings.get(event.type)
    return whose(event) if whose is not None else None


def ask_audience(questions: Sequence[AudienceQuestion]) -> Sequence[Collection[UserId] | DomainError]:
    """Return the answers of what was plugged in."""
    if _audience is None:
        raise RuntimeError("nothing was plugged in: call gateway.presence.audience.use_audience at start-up")
    return _audience(questions)
