"""Where the facts about accounts are kept. Each is looked up user by user, so that no plan walks through a whole table."""

from __future__ import annotations

from datetime import date, datetime

from communities.gates.facts import ACCOUNT_CREATED_AT, BIRTH_DATE, SECOND_FACTOR, VERIFIED_EMAIL, VERIFIED_PHONE
from communities.gates.sources import FactSource, is_so, register_fact_source

_EMAIL = """
SELECT asked.user_id, asked.community_id, '' FROM asked CROSS JOIN LATERAL (
    SELECT 1 FROM account_emailaddress found WHERE found.user_id = asked.user_id AND found.verified AND found."primary" LIMIT 1
) found
"""

_PHONE = """
SELECT asked.user_id, asked.community_id, '' FROM asked CROSS JOIN LATERAL (
    SELECT 1 FROM accounts_verifiedphone found WHERE found.user_id = asked.user_id LIMIT 1
) found
"""

# Recovery codes are rows of the same table, but only stand in for a factor that is lost.
_SECOND_FACTOR = """
SELECT asked.user_id, asked.community_id, '' FROM asked CROSS JOIN LATERAL (
    SELECT 1 FROM mfa_authenticator found WHERE found.user_id = asked.user_id AND found.type IN ('totp', 'webauthn') LIMIT 1
) found
"""

_BIRTH_DATE = """
SELECT asked.user_id, asked.community_id, found.day::text FROM asked CROSS JOIN LATERAL (
    SELECT * FROM accounts_birthdate birth WHERE birth.user_id = asked.user_id LIMIT 1
) found
"""

_CREATED_AT = """
SELECT asked.user_id, asked.community_id, to_char(found.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00')
FROM asked CROSS JOIN LATERAL (SELECT * FROM accounts_user account WHERE account.id = asked.user_id LIMIT 1) found
"""


def register_account_facts() -> None:
    """Tell where these facts are; called once, when the app is ready."""
    register_fact_source(VERIFIED_EMAIL, FactSource(_EMAIL, is_so))
    register_fact_source(VERIFIED_PHONE, FactSource(_PHONE, is_so))
    register_fact_source(SECOND_FACTOR, FactSource(_SECOND_FACTOR, is_so))
    register_fact_source(BIRTH_DATE, FactSource(_BIRTH_DATE, date.fromisoformat))
    register_fact_source(ACCOUNT_CREATED_AT, FactSource(_CREATED_AT, datetime.fromisoformat))
