"""The bodies that communities accepts: types, forms and longest lengths."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from rest_framework import serializers

from accounts.api.serializers import TextField
from accounts.constants import USERNAME_MAX_LENGTH
from accounts.models.users import validate_printable
from communities.constants import (
    MAX_DESCRIPTION_LENGTH,
    MAX_INVITE_CODE_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PERMISSION_LENGTH,
    MAX_ROLE_NAME_LENGTH,
    MAX_SLUG_LENGTH,
    CommunityVisibility,
    JoinPolicy,
)
from communities.models.communities import slug_validators
from communities.models.roles import colour_validators


class EnumField(serializers.ChoiceField):
    """One of an enumeration's values, as its member."""

    def __init__(self, enumeration: type[StrEnum], **options: Any) -> None:
        self.enumeration = enumeration
        super().__init__(choices=[member.value for member in enumeration], **options)

    def to_internal_value(self, data: Any) -> StrEnum:
        """Return the member. Raises `ValidationError` for anything that is not exactly one of the values."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=type(data).__name__)
        return self.enumeration(super().to_internal_value(data))


class CommunityChangesSerializer(serializers.Serializer[None]):
    """What owners may change of a community; what is not given stays."""

    name = TextField(max_length=MAX_NAME_LENGTH, required=False, validators=[validate_printable])
    slug = TextField(max_length=MAX_SLUG_LENGTH, required=False, validators=slug_validators)
    description = TextField(max_length=MAX_DESCRIPTION_LENGTH, required=False, allow_blank=True)
    join_policy = EnumField(JoinPolicy, required=False)
    visibility = EnumField(CommunityVisibility, required=False)


class NewCommunitySerializer(CommunityChangesSerializer):
    """A new community; closed unless it says otherwise, and a closed one secret, an open one listed."""

    name = TextField(max_length=MAX_NAME_LENGTH, validators=[validate_printable])
    slug = TextField(max_length=MAX_SLUG_LENGTH, validators=slug_validators)


class NewMemberSerializer(serializers.Serializer[None]):
    """Who is made a member."""

    username = TextField(max_length=USERNAME_MAX_LENGTH)


class RoleChangesSerializer(serializers.Serializer[None]):
    """What changes of a role; what is not given stays."""

    name = TextField(max_length=MAX_ROLE_NAME_LENGTH, required=False, validators=[validate_printable])
    colour = TextField(max_length=7, required=False, allow_blank=True, validators=colour_validators)
    permissions = serializers.ListField(
        child=TextField(max_length=MAX_PERMISSION_LENGTH), required=False, max_length=100
    )
    is_self_assignable = serializers.BooleanField(required=False)


class NewRoleSerializer(RoleChangesSerializer):
    """A new role."""

    name = TextField(max_length=MAX_ROLE_NAME_LENGTH, validators=[validate_printable])


class RoleOrderSerializer(serializers.Serializer[None]):
    """Every role but the default one, from the highest down."""

    roles = serializers.ListField(child=serializers.UUIDField(), max_length=1_000)


class NewOwnerSerializer(serializers.Serializer[None]):
    """Who is made the owner."""

    user_id = serializers.UUIDField()


class TimeOutSerializer(serializers.Serializer[None]):
    """How long a member may only read."""

    seconds = serializers.IntegerField(min_value=1)


class NewInviteSerializer(serializers.Serializer[None]):
    """How long a new invite is good, and for how many; what is not given is as the installation has it."""

    hours = serializers.IntegerField(min_value=1, required=False)
    max_uses = serializers.IntegerField(min_value=1, required=False)
    role = serializers.UUIDField(required=False, allow_null=True)
    room = serializers.UUIDField(required=False, allow_null=True)


class InviteCodeSerializer(serializers.Serializer[None]):
    """The code of an invite."""

    code = TextField(max_length=MAX_INVITE_CODE_LENGTH)
