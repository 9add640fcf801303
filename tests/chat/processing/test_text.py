"""What may be stored as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.processing.text import checked_body, checked_line, checked_nonce
from kernel.errors import InvalidInput


@pytest.mark.parametrize("body", ["👩‍💻", "שלום", "a\nb\tc", "\u200bx\u200b", "¿?"])
def test_what_people_write_is_kept(body):
    assert checked_body(f" {body}\n") == body


def body_or_none(text):
    try:
        return checked_body(text)
    except InvalidInput:
        return None


@given(st.text(alphabet=st.characters(codec=None), max_size=50).map(body_or_none).filter(bool))
def test_what_passes_can_be_stored(body):
    assert "\0" not in body
    assert body.encode().decode() == body == body.strip()


def test_a_nonce_is_kept_as_it_is():
    assert checked_nonce(" n ") == " n "


def test_a_line_may_be_empty_only_where_it_may():
    assert checked_line(" ", field="topic_line", longest=3, may_be_empty=True) == ""
    with pytest.raises(InvalidInput) as refused:
        checked_line(" ", field="name", longest=3, may_be_empty=False)
    assert (refused.value.text, refused.value.data) == ("Use 1 to 3 characters.", {"field": "name"})
