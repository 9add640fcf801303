"""Cursors: what comes back is what was put in, and nothing else is accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from kernel.pagination import decode_cursor, encode_cursor


@given(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1)))
def test_a_position_survives_the_round_trip(position):
    assert decode_cursor(encode_cursor(position), tuple[str, int]) == position


@given(st.text(max_size=30))
def test_anything_else_is_a_position_or_a_refusal_that_names_the_cursor(text):
    try:
        decode_cursor(text, tuple[str, int])
    except InvalidInput as refusal:
        assert refusal.data == {"field": "cursor"}  # noqa: PT017  # most texts are refused, some few may be positions


@pytest.mark.parametrize("cursor", ["", "%%%", "bnVsbA", "é", encode_cursor([1, "swapped"]), encode_cursor({"a": 1})])
def test_a_cursor_of_another_list_is_refused(cursor):
    with pytest.raises(InvalidInput, match="not one that this list gave out"):
        decode_cursor(cursor, tuple[str, int])
