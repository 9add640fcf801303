"""The routes of chat, from request to answer."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from chat.constants import RoomMemberState
from chat.models import Message, ReadMarker, Room, RoomMember
from kernel.ids import uuid7
from tests.factories.accounts import bearer, make_user
from tests.factories.chat import make_room, make_room_member, post
from tests.factories.communities import Rank, make_community, make_member

pytestmark = pytest.mark.django_db


def client_of(membership) -> APIClient:
    return APIClient(headers=bearer(membership.user))


@pytest.fixture
def moderator(community):
    return make_member(community, rank=Rank.MODERATOR)


@pytest.fixture
def room(community):
    return make_room(community)


def of_community(community, rest: str) -> str:
    return f"/api/v1/communities/{community.pk}{rest}"


def of_room(room, rest: str = "") -> str:
    return f"/api/v1/rooms/{room.pk}{rest}"


def of_message(message) -> str:
    return f"/api/v1/messages/{message.id}"


def test_a_room_is_opened_listed_seen_changed_and_archived(community, moderator, member):
    client = client_of(moderator)

    made = client.post(of_community(community, "/rooms"), {"name": " Harbour ", "topic_line": "Boats"})
    path = f"/api/v1/rooms/{made.json()['id']}"
    listed = client_of(member).get(of_community(community, "/rooms"))
    seen = client_of(member).get(path)
    changed = client.patch(path, {"topic_line": ""})
    archived = client.post(f"{path}/archive")

    assert made.status_code == 201
    assert {key: made.json()[key] for key in made.json().keys() - {"id", "created_at"}} == {
        "community": str(community.pk),
        "kind": "text",
        "name": "Harbour",
        "topic_line": "Boats",
        "visibility": "community",
        "participants": [],
        "category": None,
        "position": 0,
        "archived_at": None,
    }
    mine = made.json() | {"unread": 0, "read_seq": 0, "head_seq": 1, "last_message": None}
    assert (listed.status_code, listed.json()) == (200, {"items": [mine], "next": None})
    assert (seen.status_code, seen.json()) == (200, mine)
    assert (changed.status_code, changed.json()) == (200, made.json() | {"topic_line": ""})
    assert archived.json()["archived_at"] is not None
    assert client.get(of_community(community, "/rooms")).json()["items"] == []
    assert len(client.get(of_community(community, "/rooms?archived=true")).json()["items"]) == 1


def test_a_private_room_is_opened_and_shared(community, moderator, member):
    client = client_of(moderator)
    made = client.post(of_community(community, "/rooms"), {"name": "Crew", "visibility": "private"}).json()
    path = f"/api/v1/rooms/{made['id']}"
    reader = client_of(member)

    assert reader.get(path).status_code == 404
    assert client.post(f"{path}/members", {"user_id": str(member.user_id)}).status_code == 204
    assert reader.get(path).status_code == 200
    people = reader.get(f"{path}/members").json()["items"]
    assert {user["id"] for user in people} == {str(member.user_id), str(moderator.user_id)}
    assert client.delete(f"{path}/members/{member.user_id}").status_code == 204
    assert reader.get(path).status_code == 404


def test_a_participant_leaves(community, member):
    room = make_room(community, member.user, private=True)

    assert client_of(member).post(of_room(room, "/leave")).status_code == 204
    assert client_of(member).get(of_room(room)).status_code == 404


def test_a_conversation_is_opened_once(community, member):
    other = make_member(community)
    path = of_community(community, "/direct-rooms")

    answers = [client_of(member).post(path, {"user_id": str(other.user_id)}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert {user["id"] for user in answers[0].json()["participants"]} == {str(member.user_id), str(other.user_id)}


def test_a_message_is_posted_once_seen_edited_and_deleted(room, member):
    client = client_of(member)

    answers = [client.post(of_room(room, "/messages"), {"body": " Ahoy ", "nonce": "n1"}) for _ in range(2)]

    message = Message.objects.get()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert (
        answers[0].json()
        == answers[1].json()
        == {
            "id": str(message.pk),
            "room": str(room.pk),
            "seq": 2,
            "author": {
                "id": str(member.user_id),
                "username": member.user.username,
                "display_name": member.user.display_name,
            },
            "body": "Ahoy",
            "reply_to": None,
            "nonce": "n1",
            "created_at": message.created_at.isoformat().replace("+00:00", "Z"),
            "edited_at": None,
            "deleted": False,
        }
    )
    path = f"/api/v1/messages/{message.pk}"
    assert client.get(path).json() == answers[0].json()
    edited = client.patch(path, {"body": "Ahoy!"})
    assert (edited.status_code, edited.json()["body"]) == (200, "Ahoy!")
    assert client.delete(path).status_code == 204
    assert (client.get(path).json()["body"], client.get(path).json()["deleted"]) == ("", True)
    assert client.patch(path, {"body": "Back"}).json()["code"] == "message.is_deleted"


def test_history_is_read_in_pages_with_the_head(room, member):
    for number in range(5):
        post(member, room, f"Line {number}")
    client = client_of(member)

    first = client.get(of_room(room, "/messages?limit=2")).json()
    second = client.get(of_room(room, f"/messages?limit=2&cursor={first['next']}")).json()

    assert [message["seq"] for message in first["items"] + second["items"]] == [6, 5, 4, 3]
    assert (first["head"], second["head"]) == (6, 6)
    between = client.get(of_room(room, "/messages?before=5&after=2")).json()
    assert ([message["seq"] for message in between["items"]], between["next"]) == ([4, 3], None)


def test_an_answer_names_its_question(room, member):
    question = post(member, room)
    body = {"body": "Aye", "nonce": "n", "reply_to": str(question.id)}

    answer = client_of(member).post(of_room(room, "/messages"), body)

    assert answer.json()["reply_to"] == str(question.id)
    assert (
        client_of(member).post(of_room(room, "/messages"), body | {"nonce": "m", "reply_to": None}).status_code == 201
    )


def test_a_read_marker_is_put(room, member):
    post(member, room)

    answer = client_of(member).put(of_room(room, "/read"), {"seq": 99})

    assert (answer.status_code, answer.json()) == (200, {"room": str(room.pk), "seq": 2})
    assert client_of(member).get(of_room(room)).json()["read_seq"] == 2


def test_messages_are_limited_per_room_and_user(room, member):
    client = client_of(member)
    answers = [client.post(of_room(room, "/messages"), {"body": "x", "nonce": f"n{n}"}) for n in range(21)]

    assert [answer.status_code for answer in answers] == [201] * 20 + [429]
    assert answers[-1].json()["code"] == "rate.limited"
    assert Message.objects.count() == 20


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"body": None}, "body"),
        ({"body": 7}, "body"),
        ({"body": ["x"]}, "body"),
        ({"body": "x" * 4_001}, "body"),
        ({"body": "x", "nonce": ""}, "nonce"),
        ({"body": "x", "nonce": "n" * 65}, "nonce"),
        ({"body": "x", "nonce": None}, "nonce"),
        ({"body": "x", "reply_to": "message"}, "reply_to"),
    ],
)
def test_a_bad_field_of_a_message_is_named(room, member, untouched, body, field):
    client = client_of(member)
    with untouched():
        answer = client.post(of_room(room, "/messages"), {"nonce": "n", **body})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize(("body", "field"), [(" \n ", "body"), ("\u200b", "body")])
def test_a_message_without_anything_to_see_is_refused(room, member, untouched, body, field):
    client = client_of(member)
    with untouched():
        answer = client.post(of_room(room, "/messages"), {"body": body, "nonce": "n"})

    assert answer.status_code == 400
    assert field in str(answer.json())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"topic_line": "t" * 251}, "topic_line"),
        ({"visibility": "public"}, "visibility"),
        ({"visibility": None}, "visibility"),
    ],
)
def test_a_bad_field_of_a_room_is_named(community, moderator, untouched, body, field):
    client = client_of(moderator)
    with untouched():
        answer = client.post(of_community(community, "/rooms"), {"name": "Harbour", **body})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize("seq", [-1, "many", None, 1.5, True])
def test_a_bad_seq_is_named(room, member, untouched, seq):
    client = client_of(member)
    with untouched():
        answer = client.put(of_room(room, "/read"), {"seq": seq})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["seq"])


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("messages", "before=-1", "before"),
        ("messages", "after=many", "after"),
        ("messages", "after=9999999999999999999", "after"),
        ("messages", "cursor=x", "cursor"),
        ("messages", "limit=101", "limit"),
        ("messages", "sort=seq", "sort"),
        ("members", "sort=joined_at", "sort"),
        ("members", "role=owner", "role"),
        ("rooms", "kind=thread", "kind"),
        ("rooms", "archived=yes", "archived"),
        ("rooms", "sort=topic_line", "sort"),
        ("rooms", "colour=red", "colour"),
        ("rooms", "cursor=x", "cursor"),
    ],
)
def test_a_list_names_the_query_parameter_that_it_refuses(community, room, member, path, query, field):
    at = of_community(community, "/rooms") if path == "rooms" else of_room(room, f"/{path}")

    answer = client_of(member).get(f"{at}?{query}")

    assert (answer.status_code, answer.json()["field"]) == (400, field)


def requests_about(community, room, message, user_id):
    """Return every request that there is about these things, as (method, path, body)."""
    return [
        ("get", of_community(community, "/rooms"), None),
        ("post", of_community(community, "/rooms"), {"name": "Mine"}),
        ("post", of_community(community, "/direct-rooms"), {"user_id": str(user_id)}),
        ("get", of_room(room), None),
        ("patch", of_room(room), {"name": "Mine"}),
        ("post", of_room(room, "/archive"), None),
        ("post", of_room(room, "/leave"), None),
        ("get", of_room(room, "/members"), None),
        ("post", of_room(room, "/members"), {"user_id": str(user_id)}),
        ("delete", of_room(room, f"/members/{user_id}"), None),
        ("get", of_room(room, "/messages"), None),
        ("post", of_room(room, "/messages"), {"body": "Ahoy", "nonce": "n"}),
        ("put", of_room(room, "/read"), {"seq": 1}),
        ("get", of_message(message), None),
        ("patch", of_message(message), {"body": "Mine"}),
        ("delete", of_message(message), None),
    ]


def plain(answer) -> dict:
    return {key: value for key, value in answer.json().items() if key != "request_id"}


def test_a_stranger_gets_the_answer_of_things_that_do_not_exist(community, member, untouched):
    room = make_room(community, member.user, private=True)
    message = post(member, room)
    stranger = client_of(make_member(make_community(), rank=Rank.OWNER))
    nothing = Room(pk=uuid7(), community_id=uuid7())

    with untouched():
        real = requests_about(community, room, message, member.user_id)
        unreal = requests_about(nothing, nothing, nothing, member.user_id)
        for (method, path, body), (_, other_path, _) in zip(real, unreal, strict=True):
            answer, other = (getattr(stranger, method)(each, body) for each in (path, other_path))
            assert (answer.status_code, plain(answer)) == (other.status_code, plain(other)), path
            assert answer.status_code == 404


def test_nobody_is_asked_to_sign_in(api, community, member, untouched):
    room = make_room(community)
    message = post(member, room)

    with untouched():
        for method, path, body in requests_about(community, room, message, member.user_id):
            answer = getattr(api, method)(path, body)
            assert (answer.status_code, answer.json()["code"]) == (401, "auth.required"), path


def test_who_was_removed_from_a_room_gets_nothing_of_it_at_the_next_request(community, moderator, member):
    room = make_room(community)
    message = post(moderator, room)
    client = client_of(member)
    assert client.get(of_room(room, "/messages")).status_code == 200

    client_of(moderator).delete(of_room(room, f"/members/{member.user_id}"))

    assert client.get(of_community(community, "/rooms")).json()["items"] == []
    answers = [client.get(of_room(room, rest)) for rest in ("", "/members", "/messages")]
    assert {answer.status_code for answer in [*answers, client.get(of_message(message))]} == {404}
    assert RoomMember.objects.get().state == RoomMemberState.REMOVED
    assert not ReadMarker.objects.exists()


def test_members_lists_are_searched(community, room, member):
    make_member(community, make_user("zora"))
    make_room_member(room, make_member(community, make_user("zoe")).user, RoomMemberState.REMOVED)

    found = client_of(member).get(of_room(room, "/members?search=ZO&sort=-username")).json()["items"]

    assert [user["username"] for user in found] == ["zora"]
