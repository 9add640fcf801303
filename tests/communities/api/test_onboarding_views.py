"""The routes of onboarding, from request to answer."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.factories.accounts import bearer
from tests.factories.communities import Rank, make_community, make_member, make_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community()


def client_of(membership) -> APIClient:
    return APIClient(headers=bearer(membership.user))


def test_a_community_asks_and_its_members_answer(community):
    owner, member = client_of(make_member(community, rank=Rank.OWNER)), client_of(make_member(community))
    base, role = f"/api/v1/communities/{community.pk}", make_role(community)
    marked = owner.patch(f"{base}/roles/{role.pk}", {"is_self_assignable": True}, format="json").json()
    assert marked["is_self_assignable"] is True
    assert owner.get(f"{base}/onboarding/questions").status_code == 404
    choices = [{"label": "Flying", "roles": [str(role.pk)]}, {"label": "Tea"}]
    body = {"questions": [{"kind": "choice", "label": "Why?", "choices": choices}]}

    put = owner.put(f"{base}/onboarding/questions", body, format="json")

    assert put.status_code == 200
    assert owner.get(f"{base}/onboarding/questions").json() == put.json()
    asked = member.get(f"{base}/onboarding").json()
    assert asked == {
        "number": 1,
        "questions": [
            {
                "id": "1",
                "kind": "choice",
                "label": "Why?",
                "choices": [{"id": "1", "label": "Flying"}, {"id": "2", "label": "Tea"}],
            }
        ],
        "answered_number": 0,
        "chosen": [],
    }
    answered = member.put(f"{base}/onboarding/answers", {"number": 1, "answers": {"1": ["1"]}}, format="json").json()
    assert answered == asked | {"answered_number": 1, "chosen": [{"question": "1", "choices": ["1"]}]}
    assert member.get(base).json()["my_roles"] == [str(role.pk)]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("questions", {}, "questions"),
        ("questions", {"questions": [{"kind": "choice", "label": "Why?", "choices": []}]}, "questions"),
        ("answers", {"number": 0, "answers": {}}, "number"),
        ("answers", {"number": 1, "answers": []}, "answers"),
    ],
)
def test_bad_bodies_are_refused(community, path, body, field):
    owner = client_of(make_member(community, rank=Rank.OWNER))

    answer = owner.put(f"/api/v1/communities/{community.pk}/onboarding/{path}", body, format="json")

    assert answer.status_code == 400
    assert [name.split(".")[0] for name in answer.json()["errors"]] == [field]
