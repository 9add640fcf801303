"""The bodies of rules: types and longest lengths."""

from __future__ import annotations

from rest_framework import serializers

from accounts.api.serializers import TextField
from communities.constants import MAX_RULES_LENGTH, MAX_SUMMARY_LENGTH


class RulesSerializer(serializers.Serializer[None]):
    """A new version of the rules, and what is new in it."""

    text = TextField(max_length=MAX_RULES_LENGTH)
    summary = TextField(max_length=MAX_SUMMARY_LENGTH, required=False, allow_blank=True)
    must_accept = serializers.BooleanField(required=False)


class AcceptanceSerializer(serializers.Serializer[None]):
    """The number of the version that was read."""

    number = serializers.IntegerField(min_value=1)
