"""The routes of a room's overwrites, from request to answer."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.factories.accounts import bearer
from tests.factories.chat import make_room, post
from tests.factories.communities import Rank, acting, make_member, role_of

pytestmark = pytest.mark.django_db


def test_overwrites_are_put_listed_and_deleted(community):
    owner, member, room = make_member(community, rank=Rank.OWNER), make_member(community), make_room(community)
    client = APIClient(headers=bearer(owner.user))
    base, role = f"/api/v1/rooms/{room.pk}/overwrites", role_of(community, Rank.MODERATOR)
    assert client.get(base).json() == {"items": [], "changed_by": None, "changed_at": None}

    by_role = client.put(f"{base}/roles/{role.pk}", {"deny": ["message.delete_any"]}, format="json")
    by_user = client.put(f"{base}/members/{member.user_id}", {"allow": ["room.manage"]}, format="json")

    assert (by_role.status_code, by_user.status_code) == (200, 200)
    assert by_user.json() == {"kind": "member", "id": str(member.user_id), "allow": ["room.manage"], "deny": []}
    listed = client.get(base).json()
    assert (listed["items"], listed["changed_by"]) == ([by_role.json(), by_user.json()], str(owner.user_id))
    assert APIClient(headers=bearer(member.user)).get(base).json() == listed
    assert client.delete(f"{base}/roles/{role.pk}").status_code == 204
    assert client.delete(f"{base}/members/{member.user_id}").status_code == 204
    assert client.get(base).json()["items"] == []
    assert client.delete(f"{base}/roles/{role.pk}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"), [({"allow": "room.view"}, "allow"), ({"deny": ["x" * 41]}, "deny.0"), ({"deny": [""]}, "deny.0")]
)
def test_a_bad_overwrite_is_refused(community, body, field):
    client = APIClient(headers=bearer(make_member(community, rank=Rank.OWNER).user))
    room, role = make_room(community), role_of(community, Rank.MODERATOR)

    answer = client.put(f"/api/v1/rooms/{room.pk}/overwrites/roles/{role.pk}", body, format="json")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_who_may_see_a_room_and_not_read_it_is_shown_nothing_of_what_is_said(community):
    owner, member, room = make_member(community, rank=Rank.OWNER), make_member(community), make_room(community)
    post(acting(owner), room, body="Ahoy")
    client = APIClient(headers=bearer(owner.user))
    client.put(
        f"/api/v1/rooms/{room.pk}/overwrites/members/{member.user_id}", {"deny": ["message.read"]}, format="json"
    )

    answer = APIClient(headers=bearer(member.user)).get(f"/api/v1/rooms/{room.pk}")

    assert (answer.status_code, answer.json()["code"]) == (403, "overwrite.denied")
