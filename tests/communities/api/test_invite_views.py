"""The routes of invites, from request to answer."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from communities.constants import INVITES_TOPIC, JoinPolicy, MembershipStatus
from communities.models import Invite, Membership
from eventlog.events import AccessRevoked
from eventlog.topics import authorise_follow, topic_for
from kernel.decision import AccessRefused
from kernel.errors import NotFound
from tests.event_log import events_of
from tests.factories.accounts import bearer, make_user
from tests.factories.communities import Rank, acting, make_community, make_invite, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limiter")]


@pytest.fixture
def community():
    return make_community(name="Harbour", slug="harbour")


@pytest.fixture
def owner(community):
    return make_member(community, make_user("olga"), rank=Rank.OWNER)


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


def client_of(user) -> APIClient:
    return APIClient(headers=bearer(user))


def at(community, rest: str = "") -> str:
    return f"/api/v1/communities/{community.pk}/invites{rest}"


def test_an_invite_is_made_given_away_used_and_revoked(community, owner):
    client, guest = client_of(owner.user), client_of(make_user("gina"))

    made = client.post(at(community), {"hours": 2, "max_uses": 3})
    assert made.status_code == 201
    code = made.json()["code"]

    preview = guest.post("/api/v1/invites/preview", {"code": code}).json()
    assert (preview["community"]["slug"], preview["invited_by"]["username"]) == ("harbour", "olga")
    assert preview["expires_at"] == made.json()["expires_at"]

    assert guest.post("/api/v1/invites/accept", {"code": code}).json()["user"]["username"] == "gina"
    listed = client.get(at(community)).json()
    assert listed == {"items": [{**made.json(), "uses": 1}], "next": None}
    uses = client.get(at(community, f"/{made.json()['id']}/uses")).json()
    assert [item["user"]["username"] for item in uses["items"]] == ["gina"]

    assert client.delete(at(community, f"/{made.json()['id']}")).status_code == 204
    assert client.get(at(community)).json() == {"items": [], "next": None}
    refused = guest.post("/api/v1/invites/preview", {"code": code})
    assert (refused.status_code, refused.json()["code"]) == (404, "invite.not_valid")


def test_the_code_is_not_among_the_answers_that_are_kept(community, owner):
    answers = [client_of(owner.user).post(at(community), {}, headers={"Idempotency-Key": "once"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["code"] != answers[1].json()["code"]


def test_nobody_sees_where_an_invite_to_a_closed_community_leads(api, community):
    _, code = make_invite(community)
    open_community = make_community(slug="quay", join_policy=JoinPolicy.OPEN)
    _, open_code = make_invite(open_community)

    hidden = api.post("/api/v1/invites/preview", {"code": code}).json()
    shown = api.post("/api/v1/invites/preview", {"code": open_code}).json()

    assert (hidden["community"], hidden["invited_by"]) == (None, None)
    assert shown["community"]["slug"] == "quay"


def test_a_banned_user_gets_the_answer_of_a_wrong_code(community):
    _, code = make_invite(community)
    banned = client_of(make_member(community, status=MembershipStatus.BANNED).user)

    def answer(shown: str, route: str) -> dict:
        problem = banned.post(f"/api/v1/invites/{route}", {"code": shown}).json()
        return {name: problem[name] for name in problem if name != "request_id"}

    for route in ("preview", "accept"):
        assert answer(code, route) == answer("wrong", route)


def test_a_preview_is_of_an_invite_whose_maker_may_still_invite(api, community, moderator):
    _, code = make_invite(community, moderator.user)
    Membership.objects.filter(pk=moderator.pk).update(status=MembershipStatus.REMOVED)

    assert api.post("/api/v1/invites/preview", {"code": code}).json()["code"] == "invite.not_valid"


def test_too_many_previews_from_one_network_are_refused(api, settings, limiter, community):
    limit = settings.RATE_LIMITS["invite_preview.address"]
    limiter.taken[limit.name, "127.0.0.1"] = limit.quota
    _, code = make_invite(community)

    assert api.post("/api/v1/invites/preview", {"code": code}).status_code == 429


@pytest.mark.parametrize(
    ("body", "field"), [({"hours": 0}, "hours"), ({"hours": "soon"}, "hours"), ({"max_uses": 0}, "max_uses")]
)
def test_a_bad_field_is_named_and_no_invite_is_made(community, owner, body, field):
    answer = client_of(owner.user).post(at(community), body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Invite.objects.exists()


def test_the_list_is_paged_newest_first(community, owner):
    client = client_of(owner.user)
    made = [str(make_invite(community, owner.user)[0].pk) for _ in range(3)]

    first = client.get(at(community, "?limit=2")).json()
    second = client.get(at(community, f"?limit=2&cursor={first['next']}")).json()

    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert client.get(at(community, "?colour=red")).json()["field"] == "colour"


def test_who_manages_invites_follows_them_and_ordinary_members_find_no_topic(community, moderator):
    topic = topic_for(INVITES_TOPIC, community.pk)
    authorise_follow(acting(moderator), topic)

    with pytest.raises(AccessRefused):
        authorise_follow(acting(make_member(community)), topic)
    with pytest.raises(NotFound):
        authorise_follow(acting(make_member(make_community(), rank=Rank.OWNER)), topic)


def test_who_is_removed_loses_the_topic_of_invites_at_once_and_others_are_not_told_of_it(community, owner, moderator):
    member = make_member(community)
    client = client_of(owner.user)
    for gone in (moderator, member):
        client.delete(f"/api/v1/communities/{community.pk}/members/{gone.user_id}")

    told = [event for _, _, event in events_of(topic_for(INVITES_TOPIC, community.pk))]
    assert told == [AccessRevoked(user=moderator.user_id)]
