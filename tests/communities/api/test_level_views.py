"""Levels over REST."""

from __future__ import annotations

import pytest

from tests.factories.accounts import bearer
from tests.factories.communities import Rank, make_community, make_member

pytestmark = pytest.mark.django_db


def test_members_see_levels_and_who_may_sets_them(api):
    owner = make_member(make_community(), rank=Rank.OWNER)
    member, stranger = make_member(owner.community), make_member(make_community())
    path = f"/api/v1/communities/{owner.community_id}/members/{member.user_id}/level"
    level = {"community": str(owner.community_id), "user": str(member.user_id), "level": 0}
    assert api.get(path, headers=bearer(member.user)).json() == level
    assert api.put(path, {"level": 3}, headers=bearer(owner.user)).json() == level | {"level": 3}
    assert api.get(path, headers=bearer(member.user)).json() == level | {"level": 3}
    assert api.put(path, {"level": 4}, headers=bearer(member.user)).status_code == 403
    assert api.put(path, {"level": "high"}, headers=bearer(owner.user)).status_code == 400
    for user in (stranger, make_member(make_community())):
        other = path.replace(str(member.user_id), str(user.user_id))
        assert api.get(other, headers=bearer(owner.user)).status_code == 404
