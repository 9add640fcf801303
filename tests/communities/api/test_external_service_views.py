"""External services over REST: the secret is shown once, and never again."""

from __future__ import annotations

import pytest

from communities.models import ExternalAnswer, ExternalService
from tests.factories.accounts import bearer
from tests.factories.communities import Rank, make_community, make_external_service, make_member
from tests.factories.gates import gate

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_member(make_community(), rank=Rank.OWNER)


@pytest.fixture
def mine(owner):
    return bearer(owner.user)


def path(owner, rest=""):
    return f"/api/v1/communities/{owner.community_id}/external-services{rest}"


def test_a_service_is_made_listed_changed_and_deleted(api, owner, mine):
    made = api.post(path(owner), {"name": "club", "url": "https://club.example/ask"}, headers=mine)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    shown = made.json()
    assert len(shown.pop("secret")) == 43
    assert api.get(path(owner), headers=mine).json() == {"items": [shown], "next": None}
    one = path(owner, f"/{shown['id']}")
    changed = api.patch(one, {"max_seconds": 600}, headers=mine).json()
    assert changed == shown | {"max_seconds": 600}
    rotated = api.post(f"{one}/rotate-secret", headers=mine)
    assert rotated.headers["Cache-Control"] == "no-store"
    assert set(rotated.json()) - set(shown) == {"secret"}
    assert api.delete(one, headers=mine).status_code == 204
    assert not ExternalService.objects.exists()


def test_answers_with_secrets_are_not_kept_for_a_key(api, owner, mine):
    headers = mine | {"Idempotency-Key": "once"}
    body = {"name": "club", "url": "https://club.example/ask"}
    assert api.post(path(owner), body, headers=headers).status_code == 201
    assert api.post(path(owner), body, headers=headers).json()["code"] == "external_service.name_taken"
    rotate = path(owner, f"/{ExternalService.objects.get().pk}/rotate-secret")
    first, second = (api.post(rotate, headers=headers).json()["secret"] for _ in range(2))
    assert first != second


def test_no_explanation_names_the_service_and_the_remedy_asks_again(api, limiter):
    member = make_member(make_community())
    make_external_service(member.community, name="the-guild")
    gate(member.community, {"type": "external", "service": "the-guild"})
    theirs = bearer(member.user)
    told = api.get(f"/api/v1/communities/{member.community_id}/gate/explanation", headers=theirs)
    assert "the-guild" not in told.content.decode()
    [explained] = told.json()["gates"]
    assert (explained["type"], explained["passed"]) == ("external", None)
    asked = api.post(explained["remedy"]["route"], headers=theirs)
    assert (asked.status_code, asked.content) == (204, b"")
    assert ExternalAnswer.objects.filter(user=member.user, ask_at__isnull=False).exists()
