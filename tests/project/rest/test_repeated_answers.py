"""A repeated request is answered with what it was told first only while the caller may still see what it is about."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from communities.actions.memberships import ban_member
from communities.constants import JoinPolicy
from communities.models import Community
from kernel.actor import SYSTEM
from kernel.ids import CommunityId, UserId
from tests.factories.accounts import bearer, make_user
from tests.factories.chat import make_room
from tests.factories.communities import Rank, make_application, make_community, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def community() -> Community:
    return make_community(owner=make_user(), join_policy=JoinPolicy.OPEN)


def send(user: User, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = bearer(user) | {"Idempotency-Key": path[-40:]}
    return Client(headers=headers).generic(method, f"/api/v1/{path}", _json(body), content_type="application/json")


def _json(body: dict[str, Any] | None) -> str:
    return "" if body is None else str(body).replace("'", '"')


def ban(community: Community, user: User) -> None:
    ban_member(SYSTEM, community_id=CommunityId(community.pk), user_id=UserId(user.pk))


def test_what_was_said_in_a_room_is_not_repeated_to_who_has_lost_it(community: Community) -> None:
    user = make_member(community).user
    asked = (user, "POST", f"rooms/{make_room(community).pk}/messages", {"body": "Ahoy", "nonce": "one"})

    first, again = send(*asked), send(*asked)
    ban(community, user)
    lost = send(*asked)

    assert (first.status_code, again.content, again["Idempotency-Replayed"]) == (201, first.content, "true")
    assert (lost.status_code, lost.json()["code"]) == (404, "not_found")
    assert b"Ahoy" not in lost.content


def test_what_a_reviewer_was_shown_is_not_repeated_when_they_review_no_more(community: Community) -> None:
    reviewer = make_member(community, rank=Rank.ADMINISTRATOR)
    application = make_application(community, make_user())
    path = f"communities/{community.pk}/applications/{application.pk}/vote"
    asked = (reviewer.user, "PUT", path, {"verdict": "approve", "note": "Good"})

    first = send(*asked)
    reviewer.held.all().delete()
    lost = send(*asked)

    assert (first.status_code, lost.status_code) == (200, 403)
    assert b"Good" not in lost.content


def test_who_joined_is_told_so_again_unless_the_card_is_closed_to_them(community: Community) -> None:
    user = make_user()
    asked = (user, "POST", f"communities/{community.pk}/join")

    first, again = send(*asked), send(*asked)
    ban(community, user)

    assert again.content == first.content
    assert send(*asked).status_code == 404


def test_an_answer_that_says_nothing_is_repeated_whatever_became_of_the_thing(community: Community) -> None:
    user = make_member(community).user
    room = make_room(community, user, private=True)
    asked = (user, "POST", f"rooms/{room.pk}/leave")

    assert [send(*asked).status_code for _ in range(2)] == [204, 204]
