"""What makes a good question, and whether answers fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communities.constants import MAX_QUESTIONS, QuestionKind
from communities.events import AnswerPayload, QuestionPayload
from communities.processing.questions import checked_answers, checked_questions
from kernel.errors import InvalidInput


def draft(kind: str = "text", label: str = "Why?", *, required: bool = False, choices: list[str] | None = None) -> dict:
    return {"kind": kind, "label": label, "required": required, "choices": choices or []}


ASKED = checked_questions(
    [draft(required=True), draft("choice", "Which?", choices=["tea", "coffee"]), draft("yes_no", "Really?")]
)


def test_questions_get_ids_in_their_order():
    assert ASKED[:2] == [
        QuestionPayload(id="1", kind=QuestionKind.TEXT, label="Why?", required=True, choices=()),
        QuestionPayload(id="2", kind=QuestionKind.CHOICE, label="Which?", required=False, choices=("tea", "coffee")),
    ]


@pytest.mark.parametrize(
    ("questions", "field"),
    [
        ([], "questions"),
        ([draft()] * (MAX_QUESTIONS + 1), "questions"),
        ([draft(), draft(label=" ")], "questions[1].label"),
        ([draft(label="l" * 201)], "questions[0].label"),
        ([draft(label="a\nb")], "questions[0].label"),
        ([draft(choices=["a", "b"])], "questions[0].choices"),
        ([draft("choice")], "questions[0].choices"),
        ([draft("choice", choices=["a"])], "questions[0].choices"),
        ([draft("choice", choices=["a", "a "])], "questions[0].choices"),
        ([draft("choice", choices=["a", ""])], "questions[0].choices"),
        ([draft("choice", choices=["a", "b" * 101])], "questions[0].choices"),
        ([draft("choice", choices=[str(number) for number in range(21)])], "questions[0].choices"),
    ],
)
def test_a_bad_question_is_refused_with_its_place(questions, field):
    with pytest.raises(InvalidInput) as refused:
        checked_questions(questions)
    assert refused.value.data == {"field": field}


def test_answers_are_kept_in_the_order_of_the_questions_and_what_is_left_out_is_not():
    assert checked_answers(ASKED, {"3": False, "1": " Because. ", "2": None}) == [
        AnswerPayload(question="1", answer="Because."),
        AnswerPayload(question="3", answer=False),
    ]


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "answers.1"),
        ({"1": " "}, "answers.1"),
        ({"1": True}, "answers.1"),
        ({"1": "a" * 2001}, "answers.1"),
        ({"1": "a", "2": "water"}, "answers.2"),
        ({"1": "a", "2": False}, "answers.2"),
        ({"1": "a", "3": "yes"}, "answers.3"),
        ({"1": "a", "4": "what?"}, "answers.4"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_its_question(answers, field):
    with pytest.raises(InvalidInput) as refused:
        checked_answers(ASKED, answers)
    assert refused.value.data == {"field": field}


@given(st.dictionaries(st.sampled_from("1234"), st.none() | st.booleans() | st.sampled_from(["", "tea", "x"])))
def test_whatever_is_accepted_answers_every_required_question_in_its_kind(answers):
    try:
        accepted = checked_answers(ASKED, answers)
    except InvalidInput:
        return
    by_question = {answer.question: answer.answer for answer in accepted}
    assert isinstance(by_question["1"], str)
    assert by_question.get("2", "tea") in ("tea", "coffee")
    assert isinstance(by_question.get("3", True), bool)
    assert by_question.keys() <= {"1", "2", "3"}
