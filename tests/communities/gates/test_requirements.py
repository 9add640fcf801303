"""Each requirement on its own: what passes it, and when time changes that."""

from __future__ import annotations

import pkgutil
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

import communities.gates.requirements
from communities.gates import facts as known
from communities.gates.facts import Answer, Fact, GateFacts, Span
from communities.gates.requirement import Requirement
from communities.gates.requirements import (
    REQUIREMENTS,
    AccountAge,
    Application,
    Entitled,
    External,
    HasRole,
    Invited,
    Level,
    MemberFor,
    MinAge,
    TwoFactor,
    VerifiedEmail,
    VerifiedPhone,
)
from communities.gates.verdicts import FAILED, PASSED, UNKNOWN, Verdict

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROLE = UUID(int=7)


def judge(requirement: Requirement, fact: Fact[Any], value: object, moment: datetime = NOW) -> Verdict:
    return requirement.judge(GateFacts(moment, {fact: value}))


@pytest.mark.parametrize(
    ("requirement", "fact"),
    [
        (VerifiedEmail(), known.VERIFIED_EMAIL),
        (VerifiedPhone(), known.VERIFIED_PHONE),
        (TwoFactor(), known.SECOND_FACTOR),
        (Invited(), known.CAME_BY_INVITE),
        (Application(), known.APPROVED_APPLICATION),
    ],
)
def test_what_is_so_or_not_passes_when_it_is_so(requirement, fact):
    assert judge(requirement, fact, True) == PASSED
    assert judge(requirement, fact, False) == FAILED


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_whose_facts_are_not_known_is_unknown(requirement):
    assert _with_some_parameters(requirement).judge(GateFacts(NOW, {})) == UNKNOWN


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_is_not_passed_by_who_is_known_to_have_nothing(requirement):
    absent = {fact: fact.absent for fact in requirement.reads}
    assert _with_some_parameters(requirement).judge(GateFacts(NOW, absent)).passed is not True


@pytest.mark.parametrize(
    ("moment", "verdict"),
    [
        (datetime(2030, 2, 28, 23, 59, tzinfo=UTC), Verdict(False, datetime(2030, 3, 1, tzinfo=UTC))),
        (datetime(2030, 3, 1, tzinfo=UTC), PASSED),
    ],
)
def test_who_was_born_on_29_february_comes_of_age_on_1_march_in_a_year_without_one(moment, verdict):
    assert judge(MinAge(years=18), known.BIRTH_DATE, date(2012, 2, 29), moment) == verdict


def test_an_age_is_reached_at_midnight_utc_of_the_birthday():
    born = date(2012, 3, 2)
    assert judge(MinAge(years=18), known.BIRTH_DATE, born) == Verdict(False, datetime(2030, 3, 2, tzinfo=UTC))
    assert judge(MinAge(years=18), known.BIRTH_DATE, born, datetime(2030, 3, 2, tzinfo=UTC)) == PASSED
    assert judge(MinAge(years=18), known.BIRTH_DATE, None) == FAILED


@pytest.mark.parametrize(
    ("requirement", "fact"), [(AccountAge(days=3), known.ACCOUNT_CREATED_AT), (MemberFor(days=3), known.MEMBER_SINCE)]
)
def test_waiting_long_enough_is_enough(requirement, fact):
    assert judge(requirement, fact, NOW - 3 * DAY) == PASSED
    assert judge(requirement, fact, NOW - 2 * DAY) == Verdict(False, NOW + DAY)
    assert judge(requirement, fact, None) == FAILED


def test_a_role_is_the_very_one():
    assert judge(HasRole(role=ROLE), known.ROLES, frozenset({ROLE})) == PASSED
    assert judge(HasRole(role=ROLE), known.ROLES, frozenset({UUID(int=8)})) == FAILED


def test_a_level_may_be_higher():
    assert judge(Level(level=3), known.LEVEL, 4) == PASSED
    assert judge(Level(level=3), known.LEVEL, 2) == FAILED


@pytest.mark.parametrize(
    ("spans", "verdict"),
    [
        ((), FAILED),
        ((Span(NOW - DAY, NOW),), FAILED),
        ((Span(NOW, None),), PASSED),
        ((Span(NOW - DAY, NOW + DAY),), Verdict(True, NOW + DAY)),
        ((Span(NOW + DAY, None), Span(NOW + 2 * DAY, None)), Verdict(False, NOW + DAY)),
        ((Span(NOW - DAY, NOW + DAY), Span(NOW - DAY, NOW + 5 * DAY)), Verdict(True, NOW + 5 * DAY)),
        ((Span(NOW - DAY, NOW + DAY), Span(NOW - DAY, None)), PASSED),
    ],
)
def test_an_entitlement_holds_from_its_start_to_its_end(spans, verdict):
    assert judge(Entitled(key="gold"), known.ENTITLEMENTS, {"gold": spans}) == verdict
    assert judge(Entitled(key="silver"), known.ENTITLEMENTS, {"gold": spans}) == FAILED


def test_an_answer_from_outside_counts_until_it_is_over_and_then_nothing_is_known():
    answers = {"club": Answer(True, NOW + DAY), "bank": Answer(False, NOW + DAY), "old": Answer(True, NOW)}
    assert judge(External(service="club"), known.EXTERNAL_ANSWERS, answers) == Verdict(True, NOW + DAY)
    assert judge(External(service="bank"), known.EXTERNAL_ANSWERS, answers) == Verdict(False, NOW + DAY)
    assert judge(External(service="old"), known.EXTERNAL_ANSWERS, answers) == UNKNOWN
    assert judge(External(service="none"), known.EXTERNAL_ANSWERS, answers) == UNKNOWN


def test_every_file_of_requirements_holds_one_that_gates_can_be_made_of():
    files = {module.name for module in pkgutil.iter_modules(communities.gates.requirements.__path__)}
    assert {kind.__struct_config__.tag for kind in REQUIREMENTS} == files


def _with_some_parameters(requirement: type[Requirement]) -> Requirement:
    some: dict[str, Any] = {"days": 3, "years": 18, "level": 2, "key": "gold", "service": "club", "role": ROLE}
    return requirement(**{name: some[name] for name in requirement.__struct_fields__})
