"""The bodies of external services: types and longest lengths."""

from __future__ import annotations

from rest_framework import serializers

from accounts.api.serializers import TextField
from communities.constants import MAX_SERVICE_NAME_LENGTH, MAX_SERVICE_URL_LENGTH


class ServiceChangeSerializer(serializers.Serializer[None]):
    """Where a service is, and how long its answers count, in seconds."""

    url = TextField(max_length=MAX_SERVICE_URL_LENGTH, required=False)
    min_seconds = serializers.IntegerField(min_value=1, required=False)
    max_seconds = serializers.IntegerField(min_value=1, required=False)


class NewServiceSerializer(ServiceChangeSerializer):
    """A service, and what gates call it."""

    name = TextField(max_length=MAX_SERVICE_NAME_LENGTH)
    url = TextField(max_length=MAX_SERVICE_URL_LENGTH)
