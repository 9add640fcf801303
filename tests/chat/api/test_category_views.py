"""The routes of categories of rooms, from request to answer."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.factories.accounts import bearer
from tests.factories.chat import make_category, make_room
from tests.factories.communities import Rank, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(community) -> APIClient:
    return APIClient(headers=bearer(make_member(community, rank=Rank.MODERATOR).user))


def test_rooms_are_listed_under_categories_in_their_order(client, community):
    base, room = f"/api/v1/communities/{community.pk}/categories", make_room(community)
    last = client.post(base, {"name": "Deck", "position": 2})
    first = client.post(base, {"name": "Hull", "position": 1})
    assert (last.status_code, first.status_code) == (201, 201)
    assert client.get(base).json() == {"items": [first.json(), last.json()], "next": None}

    renamed = client.patch(f"{base}/{first.json()['id']}", {"name": "Keel"}).json()
    assert (renamed["name"], renamed["position"]) == ("Keel", 1)
    place = f"/api/v1/rooms/{room.pk}/place"
    assert client.put(place, {"category": renamed["id"], "position": 3}).json()["category"] == renamed["id"]
    shown = client.get(f"/api/v1/rooms/{room.pk}").json()
    assert (shown["category"], shown["position"]) == (renamed["id"], 3)

    assert client.delete(f"{base}/{renamed['id']}").status_code == 204
    assert client.get(f"/api/v1/rooms/{room.pk}").json()["category"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [({"category": None}, "position"), ({"position": 1}, "category"), ({"category": "x", "position": 1}, "category")],
)
def test_a_bad_place_is_refused(client, community, body, field):
    make_category(community)
    answer = client.put(f"/api/v1/rooms/{make_room(community).pk}/place", body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
