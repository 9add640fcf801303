"""Gates over REST: putting, history, roll-back, simulation, shadow and explanation; of communities and of rooms."""

from __future__ import annotations

import pytest

from accounts.models import VerifiedPhone
from communities.models import Gate, GateVersion, Membership
from kernel.ids import uuid7
from tests.factories.accounts import bearer
from tests.factories.chat import make_room
from tests.factories.communities import Rank, make_community, make_member
from tests.factories.gates import PHONE, gate
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

EITHER = {"type": "any", "of": [{"type": "verified_email"}, PHONE]}


@pytest.fixture
def owner():
    """The owner of a community, who has a verified phone."""
    owner = make_member(make_community(), rank=Rank.OWNER)
    VerifiedPhone.objects.create(user=owner.user, number="+447700900100")
    return owner


@pytest.fixture
def mine(owner):
    return bearer(owner.user)


def path(owner, rest=""):
    return f"/api/v1/communities/{owner.community_id}/gate{rest}"


def test_a_gate_is_put_read_and_found_in_the_history(api, owner, mine):
    assert api.get(path(owner), headers=mine).json() == {"live": None, "shadow": None}
    put = api.put(path(owner), {"tree": PHONE, "reason": "Too much spam."}, headers=mine)
    assert put.status_code == 200
    assert (put.json()["number"], put.json()["tree"], put.json()["is_live"]) == (1, PHONE, True)
    assert put.json()["author"]["id"] == str(owner.user_id)
    assert api.get(path(owner), headers=mine).json() == {"live": put.json(), "shadow": None}
    second = api.put(path(owner), {"tree": EITHER, "grace_days": {"verified_email": 3}}, headers=mine).json()
    assert second["grace"] == {"verified_email": 3 * 86_400}
    page = api.get(path(owner, "/versions?limit=1"), headers=mine).json()
    assert page["items"] == [second]
    rest = api.get(path(owner, f"/versions?limit=1&cursor={page['next']}"), headers=mine).json()
    assert rest == {"items": [put.json() | {"is_live": False}], "next": None}


def test_what_gates_can_be_made_of_is_told_with_the_bounds_of_every_parameter(api, mine):
    told = api.get("/api/v1/gates/requirements", headers=mine).json()
    kinds = {
        one["type"]: [(p["name"], p["kind"], p["minimum"], p["maximum"]) for p in one["parameters"]]
        for one in told["requirements"]
    }
    assert kinds == {
        "account_age": [("days", "integer", 1, 3650)],
        "application": [],
        "entitlement": [("key", "text", None, None)],
        "external": [("service", "text", None, None)],
        "invite": [],
        "level": [("level", "integer", 1, 1000)],
        "member_for": [("days", "integer", 1, 3650)],
        "min_age": [("years", "integer", 1, 120)],
        "role": [("role", "role", None, None)],
        "two_factor": [],
        "verified_email": [],
        "verified_phone": [],
    }
    assert (told["max_depth"], told["max_requirements"], told["max_grace_days"]) == (5, 50, 365)
    known = {one["type"]: one["is_known"] for one in told["requirements"]}
    assert set(known.values()) == {True}


def test_a_role_that_there_is_not_is_told_with_its_place_in_the_tree(api, owner, mine):
    tree = {"type": "any", "of": [PHONE, {"type": "not", "of": {"type": "role", "role": str(uuid7())}}]}
    with unchanged(Gate, GateVersion, Membership):
        refused = api.put(path(owner), {"tree": tree}, headers=mine)
    assert refused.json()["path"] == "any[1].not.role.role"


def test_a_bad_tree_is_told_with_the_path_of_the_fault(api, owner, mine):
    tree = {"type": "all", "of": [PHONE, {"type": "any", "of": [{"type": "min_age", "years": 0}]}]}
    with unchanged(Gate, GateVersion, Membership):
        refused = api.put(path(owner), {"tree": tree}, headers=mine)
    assert (refused.status_code, refused.json()["code"]) == (400, "gate.invalid")
    assert refused.json()["path"] == "all[1].any[0].min_age.years"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tree": PHONE, "mode": "perhaps"},
        {"tree": PHONE, "grace_days": {"verified_phone": "x"}},
        {"tree": PHONE, "grandfathered_until": "2020-01-01T00:00:00Z"},
    ],
)
def test_what_is_no_version_is_refused(api, owner, mine, body):
    with unchanged(Gate, GateVersion):
        assert api.put(path(owner), body, headers=mine).status_code == 400


def test_rolling_back_is_one_request(api, owner, mine):
    api.put(path(owner), {"tree": PHONE}, headers=mine)
    api.put(path(owner), {"tree": None}, headers=mine)
    back = api.post(path(owner, "/roll-back"), {"number": 1, "reason": "It was better."}, headers=mine).json()
    assert (back["number"], back["tree"], back["reason"]) == (3, PHONE, "It was better.")
    assert api.post(path(owner, "/roll-back"), {"number": 7}, headers=mine).status_code == 404


def test_a_simulation_tells_who_would_gain_and_lose_and_changes_nothing(api, owner, mine):
    loser = make_member(owner.community)
    with unchanged(Gate, GateVersion, Membership):
        told = api.post(path(owner, "/simulate"), {"tree": PHONE}, headers=mine).json()
    assert (told["members"], told["gains"], told["loses"], told["gaining"]) == (2, 0, 1, [])
    assert [user["id"] for user in told["losing"]] == [str(loser.user_id)]
    gate(owner.community, PHONE)
    told = api.post(path(owner, "/simulate"), {"tree": None}, headers=mine).json()
    assert (told["gains"], told["loses"], [user["id"] for user in told["gaining"]]) == (1, 0, [str(loser.user_id)])


def test_the_shadow_tells_for_whom_it_decides_differently(api, owner, mine):
    loser = make_member(owner.community)
    assert api.get(path(owner, "/shadow"), headers=mine).status_code == 404
    api.put(path(owner), {"tree": PHONE, "mode": "shadow"}, headers=mine)
    told = api.get(path(owner, "/shadow"), headers=mine).json()
    assert [user["id"] for user in told["losing"]] == [str(loser.user_id)]


def test_comparing_all_members_has_a_limit(api, owner, mine, limiter):
    for _ in range(30):
        assert api.post(path(owner, "/simulate"), {"tree": None}, headers=mine).status_code == 200
    for refused in (
        api.post(path(owner, "/simulate"), {"tree": None}, headers=mine),
        api.get(path(owner, "/shadow"), headers=mine),
    ):
        assert (refused.status_code, refused.json()["limit"]) == (429, "gate_simulate.user")
    assert limiter.taken["gate_simulate.user", str(owner.user_id)] == 32


def test_members_are_explained_where_they_stand_and_what_to_do(api, owner):
    member = make_member(owner.community)
    gate(owner.community, PHONE)
    told = api.get(path(owner, "/explanation"), headers=bearer(member.user)).json()
    assert (told["passed"], told["until"]) == (False, None)
    [explained] = told["gates"]
    assert explained["remedy"] == {"text": "Verify a phone number.", "route": "/_allauth/app/v1/account/phone"}


def test_who_manages_gates_is_explained_where_others_stand(api, owner, mine):
    member, stranger = make_member(owner.community), make_member(make_community())
    gate(owner.community, PHONE)
    other = path(owner, f"/explanation?user={member.user_id}")
    assert api.get(other, headers=mine).json()["passed"] is False
    assert api.get(path(owner, "/explanation"), headers=mine).json()["passed"] is True
    mate = make_member(owner.community)
    VerifiedPhone.objects.create(user=mate.user, number="+447700900101")
    assert api.get(other, headers=bearer(mate.user)).status_code == 403
    for user_id in (stranger.user_id, uuid7()):
        assert api.get(path(owner, f"/explanation?user={user_id}"), headers=mine).status_code == 404
    assert api.get(path(owner, "/explanation?user=ada"), headers=mine).status_code == 400


def test_a_room_has_a_gate_of_its_own_and_is_absent_for_who_does_not_pass(api, owner, mine):
    room, member = make_room(owner.community), make_member(owner.community)
    address = f"/api/v1/rooms/{room.pk}"
    assert api.put(f"{address}/gate", {"tree": PHONE}, headers=mine).status_code == 200
    theirs = bearer(member.user)
    for route in (
        address,
        f"{address}/messages",
        f"{address}/members",
        f"{address}/gate",
        f"{address}/gate/explanation",
    ):
        assert api.get(route, headers=theirs).status_code == 404
    listed = api.get(f"/api/v1/communities/{owner.community_id}/rooms", headers=theirs).json()
    assert listed["items"] == []
    assert api.get(address, headers=mine).status_code == 200
    sent = api.post(f"{address}/messages", {"body": "Ahoy", "nonce": "n1"}, headers=theirs)
    assert sent.status_code == 404


def test_behind_the_gate_of_a_community_only_its_card_is_left(api, owner):
    room, member = make_room(owner.community), make_member(owner.community)
    gate(owner.community, PHONE)
    theirs, place = bearer(member.user), f"/api/v1/communities/{owner.community_id}"
    assert api.get(place, headers=theirs).status_code == 200
    for rest in ("/members", "/rooms", "/roles"):
        closed = api.get(place + rest, headers=theirs)
        assert (closed.status_code, closed.json()["code"]) == (403, "gate.closed")
        assert [one["requirement"] for one in closed.json()["missing"]] == ["verified_phone"]
    assert api.get(f"/api/v1/rooms/{room.pk}", headers=theirs).status_code == 404
    assert api.post(f"{place}/leave", headers=theirs).status_code == 204


def test_the_owner_mends_a_gate_that_closed_behind_them(api, owner, mine):
    gate(owner.community, PHONE)
    VerifiedPhone.objects.all().delete()
    place = f"/api/v1/communities/{owner.community_id}"
    assert api.get(f"{place}/members", headers=mine).status_code == 403
    assert api.put(path(owner), {"tree": None}, headers=mine).status_code == 200
    assert api.get(f"{place}/members", headers=mine).status_code == 200
