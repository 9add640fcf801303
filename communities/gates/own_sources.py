"""Where communities keep the facts of how somebody came in, what they are entitled to and what was said of them, all found by index."""

from __future__ import annotations

from datetime import datetime

from communities.gates.facts import (
    APPROVED_APPLICATION,
    CAME_BY_INVITE,
    ENTITLEMENTS,
    EXTERNAL_ANSWERS,
    LEVEL,
    Answer,
    Span,
)
from communities.gates.sources import FactSource, is_so, json_decoder, register_fact_source

# A use from before the present membership counts for nothing: who left came back by another way.
_INVITE = """
SELECT asked.user_id, asked.community_id, '' FROM asked
CROSS JOIN LATERAL (
    SELECT * FROM communities_membership membership
    WHERE membership.community_id = asked.community_id AND membership.user_id = asked.user_id
      AND membership.status IN ('active', 'timed_out') LIMIT 1
) own
CROSS JOIN LATERAL (
    SELECT 1 FROM communities_inviteuse used
    WHERE used.community_id = asked.community_id AND used.user_id = asked.user_id AND used.used_at >= own.joined_at LIMIT 1
) found
"""

_APPLICATION = """
SELECT asked.user_id, asked.community_id, '' FROM asked CROSS JOIN LATERAL (
    SELECT 1 FROM communities_application application
    WHERE application.user_id = asked.user_id AND application.community_id = asked.community_id
      AND application.status = 'approved' LIMIT 1
) found
"""


# What was revoked is over, whatever its end was to be.
_ENTITLEMENTS = """
SELECT asked.user_id, asked.community_id, found.spans FROM asked CROSS JOIN LATERAL (
    SELECT json_agg(json_build_array(held.key, held.starts_at, held.ends_at))::text AS spans
    FROM communities_entitlement held
    WHERE held.user_id = asked.user_id AND held.community_id = asked.community_id AND held.revoked_at IS NULL
) found
WHERE found.spans IS NOT NULL
"""

_LEVEL = """
SELECT asked.user_id, asked.community_id, found.level::text FROM asked CROSS JOIN LATERAL (
    SELECT * FROM communities_memberlevel reached
    WHERE reached.user_id = asked.user_id AND reached.community_id = asked.community_id LIMIT 1
) found
"""

# Answers that are over are told, too: what was before their end is compared with what is after it.
_EXTERNAL_ANSWERS = """
SELECT asked.user_id, asked.community_id, found.answers FROM asked CROSS JOIN LATERAL (
    SELECT json_agg(json_build_array(service.name, answer.allowed, answer.expires_at))::text AS answers
    FROM communities_externalanswer answer CROSS JOIN LATERAL (
        SELECT * FROM communities_externalservice one WHERE one.id = answer.service_id LIMIT 1
    ) service
    WHERE answer.user_id = asked.user_id AND answer.community_id = asked.community_id AND answer.expires_at IS NOT NULL
) found
WHERE found.answers IS NOT NULL
"""

_decode_answers = json_decoder(list[tuple[str, bool, datetime]])
_decode_spans = json_decoder(list[tuple[str, datetime, datetime | None]])


def register_own_facts() -> None:
    """Tell where these facts are; called once, when the app is ready."""
    register_fact_source(CAME_BY_INVITE, FactSource(_INVITE, is_so))
    register_fact_source(APPROVED_APPLICATION, FactSource(_APPLICATION, is_so))
    register_fact_source(ENTITLEMENTS, FactSource(_ENTITLEMENTS, _spans_by_key))
    register_fact_source(LEVEL, FactSource(_LEVEL, int))
    register_fact_source(EXTERNAL_ANSWERS, FactSource(_EXTERNAL_ANSWERS, _answers_by_service))


def _answers_by_service(text: str) -> dict[str, Answer]:
    return {name: Answer(allowed, expires_at) for name, allowed, expires_at in _decode_answers(text)}


def _spans_by_key(text: str) -> dict[str, tuple[Span, ...]]:
    spans: dict[str, tuple[Span, ...]] = {}
    for key, starts_at, ends_at in _decode_spans(text):
        spans[key] = (*spans.get(key, ()), Span(starts_at, ends_at))
    return spans
