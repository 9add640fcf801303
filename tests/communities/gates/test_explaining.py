"""What people are told about gates, and what they are not."""

from __future__ import annotations

from uuid import UUID

import msgspec
from hypothesis import given

from communities.events import GateExplanation
from communities.gates import facts as known
from communities.gates.conditions import compile_tree
from communities.gates.explaining import explain, missing_of
from communities.gates.requirements import (
    REQUIREMENTS,
    Application,
    Entitled,
    External,
    HasRole,
    Invited,
    VerifiedPhone,
)
from communities.gates.trees import AllOf, AnyOf, NotOf
from kernel.decision import Missing, Remedy
from kernel.ids import CommunityId
from tests.communities.gates.strategies import NOW, at, some_facts, trees

PLACE = CommunityId(UUID(int=5))
PHONE = Remedy(text="Verify a phone number.", route="/_allauth/app/v1/account/phone")


def test_each_part_says_what_has_to_be_whether_it_is_and_what_to_do():
    tree = AllOf(of=(VerifiedPhone(), NotOf(of=Invited())))
    facts = at(NOW, {known.VERIFIED_PHONE: False, known.CAME_BY_INVITE: False})
    assert explain(tree, facts, PLACE) == GateExplanation(
        type="all",
        passed=False,
        text="All of these:",
        remedy=None,
        until=None,
        of=(
            GateExplanation(
                type="verified_phone",
                passed=False,
                text="You have a verified phone number.",
                remedy=PHONE,
                until=None,
                of=(),
            ),
            GateExplanation(
                type="not",
                passed=True,
                text="This must not be so:",
                remedy=None,
                until=None,
                of=(
                    GateExplanation(
                        type="invite", passed=False, text="You came by an invite.", remedy=None, until=None, of=()
                    ),
                ),
            ),
        ),
    )


def test_what_is_missing_is_what_is_not_passed_each_type_once():
    tree = AllOf(of=(VerifiedPhone(), AnyOf(of=(Invited(), Application())), NotOf(of=VerifiedPhone()), VerifiedPhone()))
    facts = at(NOW, {known.VERIFIED_PHONE: False, known.CAME_BY_INVITE: False, known.APPROVED_APPLICATION: False})
    assert missing_of(tree, facts, PLACE) == (
        Missing(requirement="verified_phone", remedy=PHONE),
        Missing(
            requirement="invite",
            remedy=Remedy(text="Ask a member for an invite, and accept it.", route="/api/v1/invites/accept"),
        ),
        Missing(
            requirement="application",
            remedy=Remedy(text="Apply to this community.", route=f"/api/v1/communities/{PLACE}/applications"),
        ),
    )


def test_a_not_that_keeps_out_is_told_as_a_whole_and_has_no_remedy():
    facts = at(NOW, {known.VERIFIED_PHONE: True})
    assert missing_of(NotOf(of=VerifiedPhone()), facts, PLACE) == (Missing(requirement="not"),)


@given(trees, some_facts)
def test_something_is_missing_exactly_when_the_gate_is_closed(tree, values):
    facts = at(NOW, values)
    assert bool(missing_of(tree, facts, PLACE)) is (compile_tree(tree)(facts).passed is not True)


@given(trees, some_facts)
def test_an_explanation_says_of_the_whole_what_decides(tree, values):
    facts = at(NOW, values)
    explained = explain(tree, facts, PLACE)
    assert (explained.passed, explained.until) == compile_tree(tree)(facts)


def test_hidden_parameters_are_in_no_explanation():
    hiding = [HasRole(role=UUID(int=0xABCDEF)), Entitled(key="golden-key"), External(service="credit-office")]
    assert {type(one) for one in hiding} == {kind for kind in REQUIREMENTS if kind.hidden}
    for requirement in hiding:
        told = msgspec.json.encode(
            [explain(requirement, at(NOW, {}), PLACE), missing_of(requirement, at(NOW, {}), PLACE)]
        )
        for name in requirement.hidden:
            assert str(getattr(requirement, name)).encode() not in told
