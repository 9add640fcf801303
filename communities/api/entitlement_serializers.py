"""The bodies of entitlements and trials: types and longest lengths."""

from __future__ import annotations

from rest_framework import serializers

from accounts.api.serializers import TextField
from communities.constants import MAX_ENTITLEMENT_KEY_LENGTH, MAX_REASON_LENGTH, MAX_TRIAL_DAYS


class NewEntitlementSerializer(serializers.Serializer[None]):
    """Who gets which key, why, and from when until when."""

    user_id = serializers.UUIDField()
    key = TextField(max_length=MAX_ENTITLEMENT_KEY_LENGTH)
    reason = TextField(max_length=MAX_REASON_LENGTH)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)


class TrialOfferSerializer(serializers.Serializer[None]):
    """What can be tried, and for how many days."""

    key = TextField(max_length=MAX_ENTITLEMENT_KEY_LENGTH)
    days = serializers.IntegerField(min_value=1, max_value=MAX_TRIAL_DAYS)
