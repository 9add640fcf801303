"""Questions of onboarding and the answers to them, pure: what makes a good question, whether answers fit, and what they pick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from communities.constants import (
    MAX_CHOICE_LENGTH,
    MAX_CHOICES,
    MAX_LABEL_LENGTH,
    ONBOARDING_GIFTS_MAX,
    ONBOARDING_QUESTIONS_MAX,
    OnboardingKind,
)
from communities.events import ChosenPayload, OnboardingChoice, OnboardingQuestion
from kernel.errors import InvalidInput


def checked_onboarding(drafts: Sequence[Mapping[str, Any]]) -> tuple[OnboardingQuestion, ...]:
    """Return questions and choices with ids of their own, "1", "2" ... in order. Raises `InvalidInput`, which names the fault's place."""
    if len(drafts) > ONBOARDING_QUESTIONS_MAX:
        raise InvalidInput(f"Ask at most {ONBOARDING_QUESTIONS_MAX} questions.", field="questions")
    return tuple(_question(f"questions[{place}]", str(place + 1), draft) for place, draft in enumerate(drafts))


def checked_choices(
    questions: Sequence[OnboardingQuestion], given: Mapping[str, Sequence[str]]
) -> tuple[ChosenPayload, ...]:
    """Return what was chosen in the order of the questions, without what was left out. Raises `InvalidInput`, which names the question."""
    unknown = given.keys() - {question.id for question in questions}
    if unknown:
        raise InvalidInput("This is not asked.", field=f"answers.{min(unknown)}")
    return tuple(
        ChosenPayload(question=question.id, choices=_chosen(question, given[question.id]))
        for question in questions
        if given.get(question.id)
    )


def picked_choices(
    questions: Sequence[OnboardingQuestion], chosen: Sequence[ChosenPayload]
) -> Iterator[OnboardingChoice]:
    """Return the choices that were made."""
    made = {(one.question, choice) for one in chosen for choice in one.choices}
    for question in questions:
        yield from (choice for choice in question.choices if (question.id, choice.id) in made)


def stored_onboarding(value: Sequence[OnboardingQuestion] | Sequence[ChosenPayload]) -> Any:
    """Return questions or choices as the database keeps them."""
    return msgspec.to_builtins(value)


def _question(field: str, question_id: str, draft: Mapping[str, Any]) -> OnboardingQuestion:
    choices = draft["choices"]
    if not 1 <= len(choices) <= MAX_CHOICES:
        raise InvalidInput(f"Offer 1 to {MAX_CHOICES} choices.", field=f"{field}.choices")
    made = tuple(_choice(f"{field}.choices[{place}]", str(place + 1), choice) for place, choice in enumerate(choices))
    if len({choice.label for choice in made}) < len(made):
        raise InvalidInput("Offer every choice once.", field=f"{field}.choices")
    return OnboardingQuestion(
        id=question_id,
        kind=OnboardingKind(draft["kind"]),
        label=_line(f"{field}.label", draft["label"], MAX_LABEL_LENGTH),
        choices=made,
    )


def _choice(field: str, choice_id: str, draft: Mapping[str, Any]) -> OnboardingChoice:
    return OnboardingChoice(
        id=choice_id,
        label=_line(f"{field}.label", draft["label"], MAX_CHOICE_LENGTH),
        roles=_ids(f"{field}.roles", draft.get("roles", ())),
        rooms=_ids(f"{field}.rooms", draft.get("rooms", ())),
    )


def _ids(field: str, ids: Sequence[UUID]) -> tuple[UUID, ...]:
    if len(ids) > ONBOARDING_GIFTS_MAX:
        raise InvalidInput(f"A choice gives at most {ONBOARDING_GIFTS_MAX} of them.", field=field)
    return tuple(dict.fromkeys(ids))


def _line(field: str, text: str, most: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= most or "\n" in text or "\r" in text:
        raise InvalidInput(f"Use one line of 1 to {most} characters.", field=field)
    return text


def _chosen(question: OnboardingQuestion, choices: Sequence[str]) -> tuple[str, ...]:
    field = f"answers.{question.id}"
    if set(choices) - {choice.id for choice in question.choices}:
        raise InvalidInput("Choose among what is offered.", field=field)
    if question.kind is OnboardingKind.ONE and len(set(choices)) > 1:
        raise InvalidInput("Choose one of them.", field=field)
    return tuple(choice.id for choice in question.choices if choice.id in choices)
