"""Phone numbers in E.164: reading one, telling its country code, and lists of prefixes that are served. No carrier data.

Which numbers exist is for the SMS provider to say; here is only what must be known before money is spent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

# ITU-T E.164: a country code of one to three digits, fifteen digits in all. The shortest numbers in use have seven.
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SEPARATORS = str.maketrans("", "", " \u00a0-./()")
# ITU-T E.164 annex D: every code that does not have one or two digits has three.
_COUNTRY_CODE = re.compile(r"\+(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})")
SUBSCRIBER_BLOCK_DIGITS = 4
"""Carriers hand numbers out in blocks of ten thousand or more; who pumps SMS owns such a block."""


class PhoneNumber(msgspec.Struct, frozen=True):
    """A number as it is dialled from anywhere: `e164` is "+", country code, national number."""

    e164: str

    @property
    def country_code(self) -> str:
        """The country's code with its "+". Code 1 is all of North America and parts of the Caribbean."""
        found = _COUNTRY_CODE.match(self.e164)
        return found.group() if found else ""

    @property
    def block(self) -> str:
        """The number without its last four digits: country code and first digits of ten thousand neighbours."""
        return self.e164[:-SUBSCRIBER_BLOCK_DIGITS]


def parse_phone_number(text: str) -> PhoneNumber | None:
    """Return the number, or None for what is not one with its country code.

    Spaces, dots, dashes and brackets may stand in it, 00 for the "+", and the "(0)" that is dialled inside the country.
    """
    compact = text.strip().replace("(0)", "").translate(_SEPARATORS)
    if compact.startswith("00"):
        compact = f"+{compact[2:]}"
    return PhoneNumber(compact) if compact.isascii() and _E164.fullmatch(compact) else None


def is_served(number: PhoneNumber, rules: Iterable[str]) -> bool:
    """Tell whether the longest prefix that fits serves the number: `+44` does, `!+4470` does not; without one it is not served."""
    fitting = [rule for rule in rules if number.e164.startswith(rule.removeprefix("!"))]
    longest = max(fitting, key=lambda rule: len(rule.removeprefix("!")), default="!")
    return not longest.startswith("!")
