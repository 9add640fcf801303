"""What users chose to be shown as, for the gateway that knows who is there."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from accounts.events import PresencePreference
from accounts.models import User
from accounts.payloads import presence_preference
from kernel.ids import UserId


class RevisedPreference(msgspec.Struct, frozen=True):
    """A preference, and which of the user's choices it was: the higher `revision` is the newer one."""

    revision: int
    preference: PresencePreference


def presence_preferences(user_ids: Collection[UserId]) -> dict[UserId, RevisedPreference]:
    """Return the preference of each of these users who exists. One query."""
    rows = User.objects.filter(pk__in=user_ids).only(
        "preferred_status",
        "custom_status_text",
        "custom_status_emoji",
        "custom_status_expires_at",
        "presence_revision",
    )
    return {UserId(user.id): RevisedPreference(user.presence_revision, presence_preference(user)) for user in rows}
