"""The routes of entitlements and trials, from request to answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from communities.constants import ENTITLEMENTS_TOPIC, CommunityVisibility
from communities.models import Entitlement
from eventlog.topics import authorise_follow, topic_for
from kernel.clock import now
from kernel.decision import AccessRefused
from tests.factories.accounts import bearer, make_user
from tests.factories.communities import Rank, acting, make_community, make_entitlement, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community(visibility=CommunityVisibility.LISTED)


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


def client_of(user) -> APIClient:
    return APIClient(headers=bearer(user))


def at(community, rest: str) -> str:
    return f"/api/v1/communities/{community.pk}/{rest}"


def test_an_entitlement_is_granted_listed_and_revoked(community, owner):
    user = make_user()
    client, holder = client_of(owner.user), client_of(user)
    ends_at = (now() + timedelta(days=2)).isoformat()

    granted = client.post(
        at(community, "entitlements"), {"user_id": str(user.pk), "key": "gold", "reason": "Thanks.", "ends_at": ends_at}
    )
    assert granted.status_code == 201
    assert client.get(at(community, "entitlements")).json()["items"] == [granted.json()]
    [mine] = holder.get("/api/v1/me/entitlements").json()["items"]
    assert mine == {name: granted.json()[name] for name in granted.json().keys() - {"user", "granted_by", "reason"}}

    assert client.delete(at(community, f"entitlements/{mine['id']}")).status_code == 204
    assert holder.get("/api/v1/me/entitlements").json()["items"] == []
    assert client.get(at(community, "entitlements")).json()["items"][0]["revoked_at"] is not None


def test_the_list_is_filtered(community, owner):
    some = make_entitlement(community, make_user())
    make_entitlement(community, make_user(), key="silver")
    client = client_of(owner.user)

    def listed(query: str) -> list[str]:
        return [item["id"] for item in client.get(at(community, f"entitlements?{query}")).json()["items"]]

    assert listed("key=gold") == listed(f"user={some.user_id}") == [str(some.pk)]
    assert client.get(at(community, "entitlements?user=me")).json()["field"] == "user"


def test_what_is_offered_is_tried_once(community, owner):
    client, guest = client_of(owner.user), client_of(make_user())

    offer = client.put(at(community, "trials"), {"key": "gold", "days": 3}).json()
    assert guest.get(at(community, "trials")).json() == {"items": [offer], "next": None}
    begun = guest.post(at(community, f"trials/{offer['id']}/start"))
    assert (begun.status_code, begun.json()["source"]) == (200, "trial")
    again = guest.post(at(community, f"trials/{offer['id']}/start"))
    assert (again.status_code, again.json()["code"]) == (409, "entitlement.trial_used")

    assert client.delete(at(community, f"trials/{offer['id']}")).status_code == 204
    assert guest.get(at(community, "trials")).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": None}, "key"),
        ({"user_id": "me"}, "user_id"),
        ({"reason": ""}, "reason"),
        ({"ends_at": "soon"}, "ends_at"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_granted(community, owner, change, field):
    body = {"user_id": str(make_user().pk), "key": "gold", "reason": "Thanks.", **change}

    answer = client_of(owner.user).post(at(community, "entitlements"), body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Entitlement.objects.exists()


def test_the_topic_of_entitlements_is_for_who_manages_them(community, owner):
    topic = topic_for(ENTITLEMENTS_TOPIC, community.pk)
    authorise_follow(acting(owner), topic)

    with pytest.raises(AccessRefused):
        authorise_follow(acting(make_member(community, rank=Rank.MODERATOR)), topic)
