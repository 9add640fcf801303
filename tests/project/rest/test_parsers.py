"""Bodies: JSON, whole, small enough, and without what the database or UTF-8 could not hold."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import InvalidInput, TooLarge
from project.rest.parsers import NESTING_LIMIT, StrictJsonParser

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii", exclude_characters="\0")), inner, max_size=4)
    ),
    max_leaves=12,
)


def parse(body: bytes) -> Any:
    return StrictJsonParser().parse(io.BytesIO(body))


@settings(max_examples=50)
@given(JSON_VALUES)
def test_every_json_value_comes_back_as_it_was_sent(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_parsed_or_refused(body: bytes) -> None:
    with suppress(InvalidInput):
        parse(body)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not valid JSON: Input data was truncated."),
        (b"{", "The body is not valid JSON: Input data was truncated."),
        (b"NaN", "The body is not valid JSON: JSON is malformed: invalid character (byte 0)."),
        (b'"\xff"', "The body is not valid UTF-8."),
        (b'{"a":["x\\u0000"]}', "The body holds a NUL character."),
        (b'{"a\\u0000":1}', "The body holds a NUL character."),
        (b"[" * 100_000, "The body is nested deeper than 32 levels."),
        (b"[" * 33 + b"]" * 33, "The body is nested deeper than 32 levels."),
    ],
)
def test_what_could_not_be_stored_is_refused_in_one_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(body)
    assert caught.value.text == sentence


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(InvalidInput):
        parse(b'"\\ud800"')


def test_nesting_up_to_the_limit_is_fine() -> None:
    body = b"[" * NESTING_LIMIT + b"]" * NESTING_LIMIT
    assert json.dumps(parse(body)).encode() == body


@pytest.mark.parametrize(
    "value", [["[" * 100], ["\\" * 3 + '"' + "{" * 100], [[] for _ in range(100)], {"a": [{}] * 50}]
)
def test_brackets_in_texts_and_side_by_side_are_not_nesting(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize("start", [b'["]",', b'{"}":', b'["\\"]",'])
def test_closing_brackets_in_texts_hide_no_nesting(start: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(start * 33)
    assert caught.value.text == "The body is nested deeper than 32 levels."


def test_a_body_over_the_limit_is_refused(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert parse(b'"12345678"') == "12345678"
    with pytest.raises(TooLarge) as caught:
        parse(b'"123456789"')
    assert caught.value.data == {"max_bytes": 10}
