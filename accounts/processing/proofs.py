"""What counts as having proved once more who one is, among what allauth has recorded in a Django session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

BY_FACTOR = "mfa"
"""How allauth calls a proof by a second factor, a recovery code or a passkey."""


def proved_again(records: Iterable[Mapping[str, Any]], *, since: datetime, by_factor: bool) -> bool:
    """Whether there was a proof after the sign-in and since that moment; of a second factor where the user has one.

    A password that was read over a shoulder must not be enough for what a second factor protects.
    """
    oldest = since.timestamp()
    again = [one for one in records if one.get("reauthenticated") and one.get("at", 0.0) > oldest]
    return any(one.get("method") == BY_FACTOR for one in again) if by_factor else bool(again)
