"""The routes of communities, from request to answer."""

from __future__ import annotations

from uuid import UUID

import pytest
from rest_framework.test import APIClient

from communities.access import permission_rules
from communities.constants import JoinPolicy, MembershipStatus
from communities.models import Community, Membership
from kernel.ids import uuid7
from tests.factories.accounts import bearer, make_user
from tests.factories.communities import Rank, hold, make_community, make_member, make_role

pytestmark = pytest.mark.django_db

BASE = "/api/v1/communities"


def client_of(user) -> APIClient:
    return APIClient(headers=bearer(user))


@pytest.fixture
def community():
    return make_community(name="Harbour", slug="harbour", description="Boats.")


@pytest.fixture
def owner(community):
    return make_member(community, make_user("olga"), rank=Rank.OWNER)


@pytest.fixture
def member(community):
    return make_member(community, make_user("max", display_name="Max M."))


def at(community, rest: str = "") -> str:
    return f"{BASE}/{community.pk}{rest}"


def of(member: Membership, rest: str = "") -> str:
    return f"{BASE}/{member.community_id}/members/{member.user_id}{rest}"


def body_of(response) -> dict:
    return response.json()


def test_a_community_is_founded_and_then_listed():
    client = client_of(make_user())

    made = client.post(BASE, {"name": " Harbour ", "slug": "harbour", "join_policy": "open"})

    assert made.status_code == 201
    body = body_of(made)
    assert {key: body[key] for key in body.keys() - {"id", "created_at"}} == {
        "name": "Harbour",
        "slug": "harbour",
        "description": "",
        "join_policy": "open",
        "visibility": "listed",
        "is_member": True,
        "is_owner": True,
        "my_roles": [],
        "my_permissions": [*permission_rules()],
        "owes_rules": False,
        "takes_applications": False,
        "member_count": 1,
    }
    assert body_of(client.get(BASE)) == {"items": [body], "next": None}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"slug": "Not a slug"}, "slug"),
        ({"slug": "ab"}, "slug"),
        ({"description": "d" * 501}, "description"),
        ({"join_policy": "never"}, "join_policy"),
        ({"join_policy": {}}, "join_policy"),
        ({"join_policy": True}, "join_policy"),
        ({"visibility": "nowhere"}, "visibility"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_founded(change, field):
    client = client_of(make_user())

    answer = client.post(BASE, {"name": "Harbour", "slug": "harbour", **change})

    assert (answer.status_code, list(body_of(answer)["errors"])) == (400, [field])
    assert not Community.objects.exists()


def test_a_taken_slug_is_a_conflict(community):
    answer = client_of(make_user()).post(BASE, {"name": "Other", "slug": "harbour"})

    assert (answer.status_code, body_of(answer)["code"]) == (409, "community.slug_taken")


def test_my_communities_are_searched_sorted_and_paged():
    user = make_user()
    for name in ("Port A", "Port B", "Lake"):
        make_member(make_community(name=name), user)
    client = client_of(user)

    first = body_of(client.get(f"{BASE}?search=port&sort=-name&limit=1"))
    second = body_of(client.get(f"{BASE}?search=port&sort=-name&limit=1&cursor={first['next']}"))

    assert [item["name"] for item in first["items"] + second["items"]] == ["Port B", "Port A"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=slug", "sort"),
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        ("search=a&search=b", "search"),
    ],
)
@pytest.mark.parametrize("path", [BASE, f"{BASE}/discover", "members"])
def test_a_list_names_the_query_parameter_that_it_refuses(owner, path, query, field):
    path = at(owner.community, "/members") if path == "members" else path

    answer = client_of(owner.user).get(f"{path}?{query}")

    assert (answer.status_code, body_of(answer)["field"]) == (400, field)


def test_open_communities_are_discovered_seen_and_joined():
    community = make_community(name="Open", join_policy=JoinPolicy.OPEN)
    make_community(name="Closed")
    client = client_of(make_user())

    [card] = body_of(client.get(f"{BASE}/discover"))["items"]
    assert body_of(client.get(at(community))) == card
    assert (card["name"], card["is_member"], card["member_count"]) == ("Open", False, 0)

    joined = client.post(at(community, "/join"))
    assert (joined.status_code, body_of(joined)["roles"]) == (200, [])
    assert body_of(client.get(at(community)))["is_member"] is True


def test_an_unlisted_community_is_found_by_its_address_and_a_secret_one_is_like_none():
    hidden = [make_community(visibility=visibility) for visibility in ("unlisted", "secret")]
    client = client_of(make_user())

    assert body_of(client.get(f"{BASE}/discover"))["items"] == []
    assert [client.get(at(community)).status_code for community in hidden] == [200, 404]
    assert [body_of(client.post(at(community, "/join")))["code"] for community in hidden] == [
        "community.closed",
        "not_found",
    ]


def test_a_member_leaves(member):
    client = client_of(member.user)

    assert client.post(at(member.community, "/leave")).status_code == 204
    assert client.get(at(member.community)).status_code == 404


def test_an_owner_changes_what_is_given(owner):
    answer = client_of(owner.user).patch(at(owner.community), {"description": "", "join_policy": "open"})

    body = body_of(answer)
    assert answer.status_code == 200
    assert (body["name"], body["description"], body["join_policy"]) == ("Harbour", "", "open")


def test_a_member_who_changes_the_community_is_refused(member):
    answer = client_of(member.user).patch(at(member.community), {"name": "Mine"})

    assert (answer.status_code, body_of(answer)["code"]) == (403, "permission.denied")
    assert Community.objects.get().name == "Harbour"


def test_members_are_listed_filtered_and_searched(owner, member):
    client = client_of(member.user)
    path = at(owner.community, "/members")

    [olga, max_] = body_of(client.get(path))["items"]

    assert {key: max_[key] for key in max_.keys() - {"joined_at"}} == {
        "user": {"id": str(member.user_id), "username": "max", "display_name": "Max M."},
        "roles": [],
        "is_owner": False,
        "is_guest": False,
        "status": "active",
        "timed_out_until": None,
    }
    pilots = make_role(owner.community)
    hold(owner, pilots)
    assert body_of(client.get(f"{path}?role={pilots.pk}"))["items"] == [{**olga, "roles": [str(pilots.pk)]}]
    assert body_of(client.get(f"{path}?search=x%20m."))["items"] == [max_]
    assert [item["user"] for item in body_of(client.get(f"{path}?sort=-username"))["items"]] == [
        olga["user"],
        max_["user"],
    ]


def test_a_role_that_there_is_not_is_refused(owner):
    answer = client_of(owner.user).get(at(owner.community, "/members?role=king"))

    assert (answer.status_code, body_of(answer)["field"]) == (400, "role")


def test_a_member_is_added_by_name_given_a_role_timed_out_removed_banned_and_unbanned(owner):
    client = client_of(owner.user)
    user = make_user("new")

    added = client.post(at(owner.community, "/members"), {"username": "NEW"})
    assert (added.status_code, UUID(body_of(added)["user"]["id"])) == (200, user.pk)
    membership = Membership.objects.get(user=user)

    pilots = make_role(owner.community)
    assert body_of(client.put(of(membership, f"/roles/{pilots.pk}")))["roles"] == [str(pilots.pk)]
    assert body_of(client.delete(of(membership, f"/roles/{pilots.pk}")))["roles"] == []
    assert body_of(client.post(of(membership, "/timeout"), {"seconds": 60}))["status"] == "timed_out"
    assert body_of(client.delete(of(membership, "/timeout")))["status"] == "active"
    for method, rest, status in (
        ("delete", "", MembershipStatus.REMOVED),
        ("post", "/ban", MembershipStatus.BANNED),
        ("delete", "/ban", MembershipStatus.REMOVED),
    ):
        assert getattr(client, method)(of(membership, rest)).status_code == 204
        membership.refresh_from_db()
        assert membership.status == status


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("post", "/timeout", {"seconds": 0}),
        ("post", "/timeout", {"seconds": "soon"}),
        ("post", "/timeout", {"seconds": 10**30}),
        ("post", "/timeout", {}),
    ],
)
def test_a_bad_body_changes_no_member(owner, member, method, rest, body):
    answer = getattr(client_of(owner.user), method)(of(member, rest), body)

    assert (answer.status_code, body_of(answer)["code"]) == (400, "request.invalid")
    assert Membership.objects.get(pk=member.pk).access_epoch == 1


ROUTES = [
    ("get", "", None),
    ("patch", "", {"name": "Mine"}),
    ("post", "/join", None),
    ("post", "/leave", None),
    ("get", "/members", None),
    ("post", "/members", {"username": "max"}),
    ("get", "/roles", None),
    ("put", "/owner", {"user_id": str(uuid7())}),
    ("put", "/members/{user}/roles/{user}", None),
    ("delete", "/members/{user}/roles/{user}", None),
    ("delete", "/members/{user}", None),
    ("post", "/members/{user}/ban", None),
    ("delete", "/members/{user}/ban", None),
    ("post", "/members/{user}/timeout", {"seconds": 60}),
    ("delete", "/members/{user}/timeout", None),
]


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_to_a_stranger_a_closed_community_answers_as_none_does(member, method, rest, body):
    client = client_of(make_user())
    rest = rest.format(user=member.user_id)

    answers = [
        getattr(client, method)(f"{BASE}/{community_id}{rest}", body) for community_id in (member.community_id, uuid7())
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    closed, absent = ({**body_of(answer), "request_id": None} for answer in answers)
    assert closed == absent


@pytest.mark.parametrize(("method", "rest", "body"), [*ROUTES, ("get", "discover", None), ("get", "mine", None)])
def test_every_route_asks_nobody_to_sign_in(member, method, rest, body):
    paths = {"discover": f"{BASE}/discover", "mine": BASE}
    path = paths.get(rest, at(member.community, rest.format(user=member.user_id)))

    answer = getattr(APIClient(), method)(path, body)

    assert (answer.status_code, body_of(answer)["code"]) == (401, "auth.required")
