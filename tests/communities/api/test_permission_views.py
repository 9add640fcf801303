"""The route of permissions."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from communities.access import grantable_permissions
from tests.factories.accounts import bearer, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limiter")]


def test_every_permission_that_a_role_can_give_is_told_in_words():
    answer = APIClient(headers=bearer(make_user())).get("/api/v1/permissions")

    assert answer.status_code == 200
    told = answer.json()
    assert ([item["name"] for item in told["items"]], told["next"]) == (grantable_permissions(), None)
    assert {"name": "message.send", "about": "Write messages", "overwritten_in": "room"} in told["items"]
    assert {
        "name": "role.give",
        "about": "Give members roles below their own highest, and take them away",
        "overwritten_in": None,
    } in told["items"]
    assert not {"community.belong", "community.transfer"} & {item["name"] for item in told["items"]}


def test_nobody_who_is_not_signed_in_is_told():
    assert APIClient().get("/api/v1/permissions").status_code == 401
