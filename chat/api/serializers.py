"""The bodies that chat accepts: types and longest lengths. What else makes a good text is checked by the actions."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers

from accounts.api.serializers import TextField
from chat.constants import MAX_POSITION, MAX_ROOM_NAME_LENGTH, MAX_TOPIC_LINE_LENGTH, RoomVisibility
from communities.api.serializers import EnumField


class RoomChangesSerializer(serializers.Serializer[None]):
    """What moderators may change of a room; what is not given stays."""

    name = TextField(max_length=MAX_ROOM_NAME_LENGTH, required=False)
    topic_line = TextField(max_length=MAX_TOPIC_LINE_LENGTH, required=False, allow_blank=True)


class NewRoomSerializer(RoomChangesSerializer):
    """A new room; all members of the community can read it unless it is private."""

    name = TextField(max_length=MAX_ROOM_NAME_LENGTH)
    visibility = EnumField(RoomVisibility, required=False)


class UserSerializer(serializers.Serializer[None]):
    """Whom it is about."""

    user_id = serializers.UUIDField()


class BodySerializer(serializers.Serializer[None]):
    """What a message says."""

    body = TextField(max_length=settings.MESSAGE_MAX_CHARACTERS, trim_whitespace=False)


class NewMessageSerializer(BodySerializer):
    """A new message. A retry with the same nonce gives the first answer again."""

    nonce = TextField(max_length=settings.NONCE_MAX_CHARACTERS, trim_whitespace=False)
    reply_to = serializers.UUIDField(required=False, allow_null=True)


class ReadMarkerSerializer(serializers.Serializer[None]):
    """How far the user has read."""

    seq = serializers.IntegerField(min_value=0)


class CategoryChangesSerializer(serializers.Serializer[None]):
    """What may be changed of a category of rooms; what is not given stays."""

    name = TextField(max_length=MAX_ROOM_NAME_LENGTH, required=False)
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, required=False)


class NewCategorySerializer(CategoryChangesSerializer):
    """A new category of rooms; it is the first one unless it says otherwise."""

    name = TextField(max_length=MAX_ROOM_NAME_LENGTH)


class PlaceSerializer(serializers.Serializer[None]):
    """Under which category a room is listed, null for none, and where."""

    category = serializers.UUIDField(allow_null=True)
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION)
