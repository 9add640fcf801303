"""The text of a key: what scanners look for, what is stored of it, and what is no key."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.processing.key_texts import address_holds_key, is_meant_as_key, new_key_text, read_key_text

SCANNERS_PATTERN = r"ptc_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}"


def test_a_key_looks_as_scanners_expect_it_and_reads_back_as_its_parts():
    text, parts = new_key_text()
    assert re.fullmatch(SCANNERS_PATTERN, text)
    assert text.split("_")[1] == parts.prefix
    assert read_key_text(text) == parts


def test_no_two_keys_share_a_prefix_or_a_secret():
    texts = [new_key_text()[0].split("_") for _ in range(200)]
    assert len({prefix for _, prefix, _ in texts}) == len({secret for _, _, secret in texts}) == 200


def test_what_is_stored_does_not_hold_the_secret():
    text, parts = new_key_text()
    secret = text.split("_")[2]
    assert re.fullmatch("[0-9a-f]{64}", parts.hash)
    assert secret not in parts.hash + parts.prefix


def test_the_checksum_of_a_known_key_never_changes():
    """Scanners compute it too: CRC-32 of what is before it, in six digits of base 62 (0-9, a-z, A-Z)."""
    body = "ptc_000000000000_" + "0" * 43
    assert read_key_text(body + "0NbN5H") is not None


@given(st.integers(0, 65), st.sampled_from("0aZ_-é "))
def test_a_key_with_one_other_character_is_none(place, character):
    text, parts = new_key_text()
    changed = text[:place] + character + text[place + 1 :]
    assert (read_key_text(changed) == parts) == (changed == text)


@pytest.mark.parametrize("text", ["", "ptc_", "ptc__", "x", "eyJ.a.b", "ptc_" + "a" * 5000, "ptc_\0"])
def test_what_is_no_key_is_none(text):
    assert read_key_text(text) is None


@given(st.text())
def test_no_text_makes_the_reader_fail(text):
    assert read_key_text(text) is None
    assert is_meant_as_key("ptc_" + text)
    assert not address_holds_key(text.replace("ptc_", ""))


def test_an_address_with_a_key_is_recognised_however_it_is_written():
    text, _ = new_key_text()
    for address in (
        f"key={text}",
        f"/api/v1/me/{text}",
        f"x={quote('ptc_')}{text[4:]}",
        f"a=%70tc_{text[4:]}",
        text[:20],
    ):
        assert address_holds_key(address)
    for address in ("", "ptc_", "search=ptc_something", "/api/v1/me"):
        assert not address_holds_key(address)
