"""Phone numbers: what is read as one, what its country is, and which prefixes are served."""

from __future__ import annotations

import pytest

from kernel.phone_numbers import PhoneNumber, is_served, parse_phone_number


@pytest.mark.parametrize(
    "text",
    ["+447700900123", "+44 7700 900123", " +44 (0)7700-900.123 ", "00447700900123", "+44\u00a07700/900123"],
)
def test_a_number_with_its_country_code_is_read_in_any_usual_writing(text):
    assert parse_phone_number(text) == PhoneNumber("+447700900123")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "447700900123",
        "07700900123",
        "+0447700900123",
        "+123456",
        "+1234567890123456",
        "+44 7700 9OO123",
        "+4477009001\u0662\u0663",
        "+447700900123\n+15005550006",
        "tel:+447700900123",
    ],
)
def test_anything_else_is_no_number(text):
    assert parse_phone_number(text) is None


@pytest.mark.parametrize(
    ("number", "country_code"),
    [
        ("+14155550100", "+1"),
        ("+79161234567", "+7"),
        ("+201001234567", "+20"),
        ("+211912345678", "+211"),
        ("+358401234567", "+358"),
        ("+393123456789", "+39"),
        ("+4915112345678", "+49"),
        ("+4201234567", "+420"),
        ("+861381234567", "+86"),
        ("+88216123456", "+882"),
        ("+989121234567", "+98"),
        ("+994501234567", "+994"),
    ],
)
def test_the_country_code_has_one_to_three_digits(number, country_code):
    assert PhoneNumber(number).country_code == country_code


def test_a_block_is_ten_thousand_neighbours():
    assert PhoneNumber("+447700900123").block == PhoneNumber("+447700909999").block == "+44770090"


@pytest.mark.parametrize(
    ("number", "served"),
    [
        ("+14155550100", True),
        ("+19005550100", False),
        ("+18765550100", False),
        ("+447700900123", True),
        ("+33612345678", False),
    ],
)
def test_the_longest_prefix_decides_and_without_one_a_number_is_not_served(number, served):
    assert is_served(PhoneNumber(number), ["!+1900", "+1", "!+1876", "+44"]) is served


def test_an_exception_may_have_an_exception():
    rules = ["+1", "!+1876", "+18765"]
    assert [is_served(PhoneNumber(number), rules) for number in ("+18764550100", "+18765550100")] == [False, True]
