"""The bodies of applications and their form: types, forms and longest lengths. What makes a good answer is checked by the action."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.serializers import TextField
from accounts.models.users import validate_printable
from communities.api.serializers import EnumField
from communities.constants import (
    BULK_DECISIONS_MAX,
    MAX_ANSWER_LENGTH,
    MAX_CHOICE_LENGTH,
    MAX_CHOICES,
    MAX_COOL_DOWN_DAYS,
    MAX_INTRODUCTION_LENGTH,
    MAX_LABEL_LENGTH,
    MAX_QUESTIONS,
    MAX_REASON_LENGTH,
    QuestionKind,
    Verdict,
)


class QuestionSerializer(serializers.Serializer[None]):
    """A question to ask."""

    kind = EnumField(QuestionKind)
    label = TextField(max_length=MAX_LABEL_LENGTH, validators=[validate_printable])  # type: ignore[assignment]  # DRF has a `label` too
    required = serializers.BooleanField(required=False, default=False)  # type: ignore[assignment]  # and a `required`
    choices = serializers.ListField(
        child=TextField(max_length=MAX_CHOICE_LENGTH, validators=[validate_printable]),
        required=False,
        default=list,
        max_length=MAX_CHOICES,
    )


class FormSerializer(serializers.Serializer[None]):
    """A new version of the form."""

    introduction = TextField(max_length=MAX_INTRODUCTION_LENGTH, required=False, allow_blank=True)
    questions = serializers.ListField(child=QuestionSerializer(), min_length=1, max_length=MAX_QUESTIONS)
    cool_down_days = serializers.IntegerField(min_value=0, max_value=MAX_COOL_DOWN_DAYS, required=False)


@extend_schema_field({"oneOf": [{"type": "string", "maxLength": MAX_ANSWER_LENGTH}, {"type": "boolean"}]})
class AnswerField(serializers.Field[Any, Any, Any, Any]):
    """A text, or true or false."""

    def to_internal_value(self, data: Any) -> str | bool:
        """Return the answer. Raises `ValidationError` for any other type, and for a text that is too long."""
        if isinstance(data, bool):
            return data
        if not isinstance(data, str) or len(data) > MAX_ANSWER_LENGTH:
            raise serializers.ValidationError(
                f"Answer with true, false or a text of {MAX_ANSWER_LENGTH} characters at most."
            )
        return data


class NewApplicationSerializer(serializers.Serializer[None]):
    """The answers to version `form` of the form, by the ids of its questions."""

    form = serializers.IntegerField(min_value=1)
    answers = serializers.DictField(child=AnswerField())


class VoteSerializer(serializers.Serializer[None]):
    """What a reviewer thinks."""

    verdict = EnumField(Verdict)
    note = TextField(max_length=MAX_REASON_LENGTH, required=False, allow_blank=True)


class DecisionSerializer(serializers.Serializer[None]):
    """The decision about one application; a refusal needs a reason."""

    verdict = EnumField(Verdict)
    reason = TextField(max_length=MAX_REASON_LENGTH, required=False, allow_blank=True)


class DecisionsSerializer(DecisionSerializer):
    """The same decision about several."""

    applications = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=BULK_DECISIONS_MAX)
