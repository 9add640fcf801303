"""Questions of forms and the answers to them, pure: what makes a good question, and whether answers fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from communities.constants import (
    MAX_ANSWER_LENGTH,
    MAX_CHOICE_LENGTH,
    MAX_CHOICES,
    MAX_LABEL_LENGTH,
    MAX_QUESTIONS,
    QuestionKind,
)
from communities.events import AnswerPayload, QuestionPayload
from kernel.errors import InvalidInput


def checked_questions(drafts: Sequence[Mapping[str, Any]]) -> list[QuestionPayload]:
    """Return the questions with ids of their own, "1", "2" ... in order. Raises `InvalidInput`, which names the place of the fault."""
    if not 1 <= len(drafts) <= MAX_QUESTIONS:
        raise InvalidInput(f"Ask 1 to {MAX_QUESTIONS} questions.", field="questions")
    return [_checked_question(place, draft) for place, draft in enumerate(drafts)]


def checked_answers(questions: Sequence[QuestionPayload], given: Mapping[str, object]) -> list[AnswerPayload]:
    """Return the answers in the order of the questions, without what was left out. Raises `InvalidInput`, which names the question."""
    unknown = given.keys() - {question.id for question in questions}
    if unknown:
        raise InvalidInput("The form does not ask this.", field=f"answers.{min(unknown)}")
    found = [(question, given.get(question.id)) for question in questions]
    return [
        AnswerPayload(question=question.id, answer=_checked_answer(question, answer))
        for question, answer in found
        if not _is_left_out(question, answer)
    ]


def stored_questions(questions: Sequence[QuestionPayload]) -> list[dict[str, Any]]:
    """Return the questions as the database keeps them."""
    stored: list[dict[str, Any]] = msgspec.to_builtins(questions)
    return stored


def stored_answers(answers: Sequence[AnswerPayload]) -> list[dict[str, Any]]:
    """Return the answers as the database keeps them."""
    stored: list[dict[str, Any]] = msgspec.to_builtins(answers)
    return stored


def _checked_question(place: int, draft: Mapping[str, Any]) -> QuestionPayload:
    field = f"questions[{place}]"
    kind, choices = QuestionKind(draft["kind"]), tuple(_line(text, f"{field}.choices") for text in draft["choices"])
    if kind is QuestionKind.CHOICE:
        _check_choices(choices, f"{field}.choices")
    elif choices:
        raise InvalidInput("Only a question of kind choice has choices.", field=f"{field}.choices")
    label = _line(draft["label"], f"{field}.label")
    if not 1 <= len(label) <= MAX_LABEL_LENGTH:
        raise InvalidInput(f"Use 1 to {MAX_LABEL_LENGTH} characters.", field=f"{field}.label")
    return QuestionPayload(id=str(place + 1), kind=kind, label=label, required=draft["required"], choices=choices)


def _check_choices(choices: Sequence[str], field: str) -> None:
    if not 2 <= len(choices) <= MAX_CHOICES:
        raise InvalidInput(f"Offer 2 to {MAX_CHOICES} choices.", field=field)
    if not all(1 <= len(choice) <= MAX_CHOICE_LENGTH for choice in choices):
        raise InvalidInput(f"Use 1 to {MAX_CHOICE_LENGTH} characters for a choice.", field=field)
    if len(set(choices)) < len(choices):
        raise InvalidInput("Offer every choice once.", field=field)


def _is_left_out(question: QuestionPayload, answer: object) -> bool:
    is_empty = answer is None or (isinstance(answer, str) and not answer.strip())
    if is_empty and question.required:
        raise InvalidInput("Answer this question.", field=f"answers.{question.id}")
    return is_empty


def _checked_answer(question: QuestionPayload, answer: object) -> str | bool:
    field = f"answers.{question.id}"
    if question.kind is QuestionKind.YES_NO:
        if not isinstance(answer, bool):
            raise InvalidInput("Answer with true or false.", field=field)
        return answer
    if not isinstance(answer, str):
        raise InvalidInput("Answer with a text.", field=field)
    if question.kind is QuestionKind.CHOICE and answer not in question.choices:
        raise InvalidInput("Choose one of the answers that are offered.", field=field)
    if len(answer.strip()) > MAX_ANSWER_LENGTH:
        raise InvalidInput(f"Use at most {MAX_ANSWER_LENGTH} characters.", field=field)
    return answer.strip()


def _line(text: str, field: str) -> str:
    if "\n" in text or "\r" in text:
        raise InvalidInput("Write it in one line.", field=field)
    return text.strip()
