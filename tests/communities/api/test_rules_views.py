"""The routes of rules, from request to answer."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from communities.constants import CommunityVisibility
from communities.models import RulesVersion
from tests.factories.accounts import bearer, make_user
from tests.factories.communities import Rank, make_community, make_member, make_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def community():
    return make_community(visibility=CommunityVisibility.LISTED)


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


def client_of(user) -> APIClient:
    return APIClient(headers=bearer(user))


def at(community, rest: str = "") -> str:
    return f"/api/v1/communities/{community.pk}/rules{rest}"


def test_rules_are_made_read_accepted_and_looked_up(community, owner):
    member = make_member(community, make_user("max"))
    client, reader = client_of(owner.user), client_of(member.user)

    made = client.put(at(community), {"text": "Be kind.\n\nAlways.", "summary": "New."})
    assert (made.status_code, made.json()["text"]) == (200, "Be kind.\n\nAlways.")
    assert reader.get(at(community)).json() == {"rules": made.json(), "required_number": 1, "accepted_number": 0}

    accepted = reader.post(at(community, "/accept"), {"number": 1})
    assert (accepted.status_code, accepted.json()["accepted_number"]) == (200, 1)
    found = client.get(at(community, "/acceptances?number=1")).json()["items"]
    assert [item["user"]["username"] for item in found] == ["max", owner.user.username]
    assert reader.get(at(community, "/versions")).json()["items"] == [made.json()]


def test_who_sees_the_card_reads_the_rules_before_they_join(community):
    make_rules(community)
    stranger = client_of(make_user())

    assert stranger.get(at(community)).json()["rules"]["number"] == 1
    assert stranger.get(at(community, "/versions")).status_code == 404
    assert stranger.get(at(make_community())).status_code == 404


def test_where_there_are_none_there_are_none(community, owner):
    body = client_of(owner.user).get(at(community)).json()

    assert body == {"rules": None, "required_number": 0, "accepted_number": 0}


def test_an_older_version_is_a_conflict_that_names_the_newest(community, owner):
    make_rules(community)
    make_rules(community)

    refused = client_of(owner.user).post(at(community, "/accept"), {"number": 1})

    assert (refused.status_code, refused.json()["code"], refused.json()["number"]) == (409, "rules.changed", 2)


@pytest.mark.parametrize(
    ("body", "field"), [({}, "text"), ({"text": ""}, "text"), ({"text": "t" * 20_001}, "text"), ({"text": 7}, "text")]
)
def test_a_bad_field_is_named_and_nothing_is_made(community, owner, body, field):
    answer = client_of(owner.user).put(at(community), body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not RulesVersion.objects.exists()


@pytest.mark.parametrize("number", ["one", "-1", "1" * 10, "²"])
def test_the_filter_of_acceptances_is_a_number(community, owner, number):
    answer = client_of(owner.user).get(at(community, f"/acceptances?number={number}"))

    assert (answer.status_code, answer.json()["field"]) == (400, "number")
