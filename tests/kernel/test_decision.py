"""Showing a refusal: an invisible thing looks absent, a visible one says what is missing."""

from __future__ import annotations

from kernel.decision import AccessRefused, Decision, Missing, Remedy, refusal
from kernel.errors import NotFound, Unauthenticated

REMEDY = Remedy(text="Verify a phone number.", route="/api/v1/me/phone")


def test_nobody_signed_in_is_asked_to_sign_in():
    assert isinstance(refusal(Decision(allowed=False, code="auth.required")), Unauthenticated)


def test_an_invisible_thing_looks_absent():
    shown = refusal(Decision(allowed=False, code="membership.banned", visible=False, remedy=REMEDY))
    assert isinstance(shown, NotFound)
    assert (shown.code, shown.text, shown.data) == ("not_found", NotFound.message, {})


def test_a_visible_refusal_carries_code_missing_and_remedy():
    missing = (Missing(requirement="verified_phone", remedy=REMEDY),)
    shown = refusal(Decision(allowed=False, code="gate.not_passed", missing=missing, remedy=REMEDY))
    assert isinstance(shown, AccessRefused)
    assert (shown.code, shown.http_status, shown.text) == ("gate.not_passed", 403, "Verify a phone number.")
    assert shown.data == {"missing": missing, "remedy": REMEDY}
