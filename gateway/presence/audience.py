"""Whom a viewer may see: asked of the app that knows communities, which project plugs in. Whatever else hides people goes in there too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import msgspec

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

_audience: Audience | None = None


def use_audience(audience: Audience) -> None:
    """Plug in who answers; called once at start-up."""
    global _audience
    _audience = audience


def ask_audience(questions: Sequence[AudienceQuestion]) -> Sequence[Collection[UserId] | DomainError]:
    """Return the answers of what was plugged in."""
    if _audience is None:
        raise RuntimeError("nothing was plugged in: call gateway.presence.audience.use_audience at start-up")
    return _audience(questions)
